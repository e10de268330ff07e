/// Which of a document's members were taken for the message, the level and the time: the first of each kind is, but
/// `log` only as long as nothing else is the message.
struct DocumentRoles {
    var hasMessage = false
    var hasLevel = false
    var hasTime = false
    private var isLog = false

    /// - Returns: whether the value is what its name says, and no field any more.
    @inline(__always)
    mutating func take(_ name: UInt32, _ value: ByteView, _ line: inout LogRecord) -> Bool {
        guard Int(name) < ProgramNames.roleCount else { return false }
        switch ProgramNames.roles[Int(name)] {
        case .none: return false
        case .message:
            if hasMessage {
                guard isLog, name != ProgramNames.log else { return false }
                line.set(ProgramNames.log, line.message)
            }
            isLog = name == ProgramNames.log
            hasMessage = true
            line.message = value
        case .time:
            guard !hasTime, let time = TimeText.time(value, now: line.now) else { return false }
            hasTime = true
            line.setTime(time)
        case .level:
            guard !hasLevel, let level = LevelText.level(value) else { return false }
            hasLevel = true
            line.level = level
        }
        return true
    }
}

/// What a line was before a parser began, to go back to.
struct RecordMark {
    private let fieldCount: Int
    private let message: ByteView
    private let time: Int64
    private let level: LogLevel
    private let hasTime: Bool

    init(_ line: borrowing LogRecord) {
        fieldCount = line.fieldCount
        message = line.message
        time = line.time
        level = line.level
        hasTime = line.hasTime
    }

    func restore(_ line: inout LogRecord) {
        line.rollBack(to: fieldCount)
        line.message = message
        line.time = time
        line.level = level
        line.hasTime = hasTime
    }
}
