/// Where inputs put lines: the batch that is being filled. For one thread.
package final class LogEvents {
    package struct Counts: Hashable, Sendable {
        package var lines = 0
        package var bytes = 0
        /// Whose end was cut off.
        package var cutLines = 0
    }

    package private(set) var counts = Counts()
    /// Nanoseconds since 1970: of lines that have no time of their own.
    package var now: Int64 = 0
    private var batch = LogBatch()
    private var streams: [LogStream: UInt32] = [:]
    /// Bytes of the lines of the batch.
    package private(set) var lineBytes = 0

    package init() {}

    package var isEmpty: Bool { batch.lines.isEmpty }
    package var lineCount: Int { batch.lines.count }
    /// What the batch takes in memory, about.
    package var bytes: Int { batch.bytes.count + batch.lines.count * MemoryLayout<LogBatch.Line>.stride }

    /// A number for a stream that holds for as long as this lives.
    package func register(_ stream: LogStream) -> UInt32 {
        if let number = streams[stream] { return number }
        let number = UInt32(batch.streams.count)
        streams[stream] = number
        batch.streams.append(stream)
        return number
    }

    /// A line, without its newline.
    package func add(
        _ line: UnsafeRawBufferPointer, of stream: UInt32, time: Int64? = nil, level: LogLevel = .none,
        fields: [(name: String, value: String)] = [], isCut: Bool = false
    ) {
        counts.lines += 1
        counts.bytes += line.count
        lineBytes += line.count
        if isCut { counts.cutLines += 1 }
        let start = UInt32(batch.bytes.count)
        batch.bytes.append(contentsOf: line)
        batch.lines.append(
            .init(
                time: time ?? now, stream: stream, level: level, message: .init(start: start, count: UInt32(line.count)),
                firstField: 0, fieldCount: 0))
    }

    package func take() -> LogBatch {
        var taken = LogBatch()
        taken.streams = batch.streams
        swap(&taken, &batch)
        lineBytes = 0
        return taken
    }
}
