/// The newest lines of a stream, as they came.
struct LogHead {
    private(set) var batch = LogBatch()
    private var places: [String: UInt32] = [:]

    init(_ stream: LogStream) { batch.streams = [stream] }

    /// Bytes in memory, about.
    var bytes: Int {
        batch.bytes.count + batch.lines.count * MemoryLayout<LogBatch.Line>.stride
            + batch.fields.count * MemoryLayout<LogBatch.Field>.stride
    }

    /// The places here of a batch's names.
    mutating func places(of names: [String]) -> [UInt32] {
        names.map { name in
            if let place = places[name] { return place }
            let place = UInt32(batch.names.count)
            places[name] = place
            batch.names.append(name)
            return place
        }
    }

    /// Adds a line of another batch.
    /// - Parameter names: places here of that batch's names.
    @inline(__always)
    mutating func append(
        _ line: LogBatch.Line, fields: ArraySlice<LogBatch.Field>, bytes: UnsafeRawBufferPointer, names: [UInt32]
    ) {
        let first = batch.fields.count
        let message = append(line.message, bytes)
        for field in fields {
            batch.fields.append(LogBatch.Field(name: names[Int(field.name)], value: append(field.value, bytes)))
        }
        var line = line
        line.stream = 0
        line.message = message
        line.firstField = UInt32(first)
        batch.lines.append(line)
    }

    @inline(__always)
    private mutating func append(_ text: LogBatch.Text, _ bytes: UnsafeRawBufferPointer) -> LogBatch.Text {
        let start = batch.bytes.count
        batch.bytes.append(
            contentsOf: UnsafeRawBufferPointer(rebasing: bytes[Int(text.start)..<Int(text.start) + Int(text.count)]))
        return LogBatch.Text(start: UInt32(start), count: text.count)
    }
}
