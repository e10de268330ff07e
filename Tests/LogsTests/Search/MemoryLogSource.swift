import Logs
import Synchronization
import Telemetry

/// Lines in memory, as a source that searches can be tried on: each value is looked at by itself.
final class MemoryLogSource: LogSource {
    struct Line: Hashable, Sendable {
        var time: Int64
        var level = LogLevel.none
        var message: String
        var fields: [String: String] = [:]
    }

    struct Reference: LogBlockReference {
        let stream: LogStream
        /// In order of time.
        let lines: [Line]
        let isDamaged: Bool
        let opened: @Sendable () -> Void

        var rows: Int { lines.count }
        var firstTime: Int64 { lines.first?.time ?? 0 }
        var lastTime: Int64 { lines.last?.time ?? 0 }

        func open() async throws(TelemetryProblem) -> sending any LogBlock {
            opened()
            if isDamaged {
                throw TelemetryProblem("logs.damaged", "A block is damaged.", cause: "A test says so.", remedy: "None.")
            }
            return MemoryLogBlock(stream, lines)
        }
    }

    private let references: Mutex<[Reference]>
    private let openedCount = Mutex(0)
    /// Called whenever a block is opened.
    let whenOpened: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - lines: of each stream, in the order of their arrival.
    ///   - rows: of a block.
    ///   - damaged: whether a block cannot be read, by its number.
    init(
        _ lines: [(stream: LogStream, lines: [Line])], rows: Int = 7, damaged: (Int) -> Bool = { _ in false },
        whenOpened: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.whenOpened = whenOpened
        references = Mutex([])
        var made: [Reference] = []
        for (stream, lines) in lines {
            var start = 0
            while start < lines.count {
                let block = lines[start..<min(lines.count, start + rows)].enumerated().sorted {
                    ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
                }
                made.append(
                    Reference(
                        stream: stream, lines: block.map(\.element), isDamaged: damaged(made.count),
                        opened: { [weak self] in self?.open() }))
                start += rows
            }
        }
        // Of blocks with one time the later comes first.
        let sorted = made.enumerated().sorted { ($0.element.lastTime, $0.offset) > ($1.element.lastTime, $1.offset) }
        references.withLock { $0 = sorted.map(\.element) }
    }

    var opened: Int { openedCount.withLock { $0 } }
    var blocks: Int { references.withLock { $0.count } }

    private func open() {
        let count = openedCount.withLock { count in
            count += 1
            return count
        }
        whenOpened(count)
    }

    func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        references.withLock { $0.filter { $0.firstTime < window.until && $0.lastTime >= window.from } }
    }

    func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        references.withLock { Array(Set($0.map(\.stream))) }
    }
}

final class MemoryLogBlock: LogBlock {
    let stream: LogStream
    private let lines: [MemoryLogSource.Line]

    init(_ stream: LogStream, _ lines: [MemoryLogSource.Line]) {
        self.stream = stream
        self.lines = lines
    }

    var rows: Int { lines.count }
    var bytesRead: Int { lines.reduce(0) { $0 + $1.message.utf8.count } }
    var fieldNames: [String] { Array(Set(lines.flatMap(\.fields.keys))) }

    func select(_ condition: LogCondition, among rows: RowSet) throws(TelemetryProblem) -> RowSet {
        var found = RowSet(rows: rows.rows, all: false)
        try values(of: condition.field, at: rows) { row, value in
            if condition.test.holds(value) { found.insert(row) }
        }
        return found
    }

    func select(_ window: LogWindow) throws(TelemetryProblem) -> RowSet {
        var found = RowSet(rows: lines.count, all: false)
        for (row, line) in lines.enumerated() where window.from <= line.time && line.time < window.until {
            found.insert(row)
        }
        return found
    }

    func times() throws(TelemetryProblem) -> [Int64] { lines.map(\.time) }
    func levels() throws(TelemetryProblem) -> [LogLevel] { lines.map(\.level) }

    func values(
        of field: String, at rows: RowSet, _ body: (Int, UnsafeRawBufferPointer?) -> Void
    ) throws(TelemetryProblem) {
        rows.forEach { row in
            guard var text = lines[row].value(of: field, in: stream) else { return body(row, nil) }
            text.withUTF8 { body(row, UnsafeRawBufferPointer($0)) }
        }
    }

    func shapes(at rows: RowSet) throws(TelemetryProblem) -> [(row: Int, shape: Int)] {
        let texts = lines.map { Self.shape($0.message) }
        var found: [(row: Int, shape: Int)] = []
        rows.forEach { row in found.append((row, texts.firstIndex(of: texts[row]) ?? row)) }
        return found
    }

    func text(ofShape shape: Int) throws(TelemetryProblem) -> String { Self.shape(lines[shape].message) }

    static func shape(_ message: String) -> String {
        message.split(separator: " ", omittingEmptySubsequences: false).map { word in
            word.contains { $0.isNumber } ? "<*>" : String(word)
        }.joined(separator: " ")
    }
}

extension MemoryLogSource.Line {
    func value(of name: String, in stream: LogStream) -> String? {
        if let value = fields[name] { return value }
        switch name {
        case "message": return message
        case "level": return level == .none ? nil : level.word
        default: return stream[name]
        }
    }
}
