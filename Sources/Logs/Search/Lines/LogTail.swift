/// Picks the lines that somebody watches out of those that come in.
package struct LogTail: Sendable {
    /// Lines that are taken of one batch.
    private static let linesMax = 1000

    private let filter: LogFilter

    package init(_ filter: LogFilter) { self.filter = filter.ordered() }

    /// The lines of a batch that fulfil the filter, in the order of their arrival. Their places are counted within the
    /// batch: the store may have had lines of the same stream and nanosecond before. Of a very large batch the last
    /// ones.
    package func lines(of batch: LogBatch) -> [LogLine] {
        var found: [Int] = []
        for index in batch.lines.indices where filter.holds(batch, index) { found.append(index) }
        var seen: [LogPosition: UInt64] = [:]
        return found.suffix(Self.linesMax).map { index in
            var line = LogLine(batch, index)
            let ordinal = seen[line.position, default: 0]
            seen[line.position] = ordinal + 1
            line.position.ordinal = ordinal
            return line
        }
    }
}

extension LogLine {
    /// A line of a batch, at the first place of its time.
    package init(_ batch: LogBatch, _ index: Int) {
        let line = batch.lines[index]
        let stream = batch.streams[Int(line.stream)]
        var fields: [Field] = []
        for field in batch.fields[Int(line.firstField)..<Int(line.firstField + line.fieldCount)] {
            let name = batch.names[Int(field.name)]
            let value = batch.withBytes(of: field.value) { Array($0) }
            // Of two with one name the last counts.
            if let place = fields.firstIndex(where: { $0.name == name }) {
                fields[place].value = value
            } else {
                fields.append(Field(name, value))
            }
        }
        self.init(
            position: LogPosition(time: line.time, stream: stream.key),
            level: LogLevel(rawValue: line.level) ?? .none, stream: stream,
            message: batch.withBytes(of: line.message) { Array($0) }, fields: fields.sorted { $0.name < $1.name })
    }
}
