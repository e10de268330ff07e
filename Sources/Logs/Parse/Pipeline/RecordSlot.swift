/// What a name of a step means.
enum RecordSlot: Hashable {
    case message, level, time
    /// A field, by its number; if a line has none, the label of that name.
    case field(UInt32, name: String)
}

extension LogBatchBuilder {
    /// The value that a name has in the line in hand; nil if it has none.
    mutating func value(_ slot: RecordSlot) -> ByteView? {
        switch slot {
        case .message: return line.message
        case .level:
            if let field = line.value(ProgramNames.level) { return field }
            return line.level == .none ? nil : line.scratch.copy(line.level.word.utf8)
        case .time: return line.scratch.copy(LogTime.text(line.time).utf8)
        case .field(let number, let name):
            if let field = line.value(number) { return field }
            guard let label = stream(at: line.stream)[name] else { return nil }
            return line.scratch.copy(label.utf8)
        }
    }

    /// Sets what a name means. A level or time that is none becomes a field.
    mutating func set(_ slot: RecordSlot, _ value: ByteView) {
        switch slot {
        case .message: line.message = value
        case .level:
            guard let level = LevelText.level(value) else { return line.set(ProgramNames.level, value) }
            line.level = level
            line.remove(ProgramNames.level)
        case .time:
            guard let time = TimeText.time(value, now: line.now) else { return line.set(ProgramNames.time, value) }
            line.setTime(time)
        case .field(let number, _): line.set(number, value)
        }
    }

    mutating func remove(_ slot: RecordSlot) {
        switch slot {
        case .message: line.message = .empty
        case .level:
            line.level = .none
            line.remove(ProgramNames.level)
        case .time: break
        case .field(let number, _): line.remove(number)
        }
    }
}
