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
    private var processor: LogProcessor
    /// Bytes of the lines of the batch, as they came.
    package private(set) var lineBytes = 0

    /// - Parameters:
    ///   - program: what takes secrets out of lines.
    ///   - seed: a random number, so that nobody can know which names collide.
    package init(_ program: LogProgram? = nil, seed: UInt64) { processor = LogProcessor(program, seed: seed) }

    package var isEmpty: Bool { processor.builder.isEmpty }
    package var lineCount: Int { processor.builder.lineCount }
    /// What the batch takes in memory, about.
    package var bytes: Int {
        processor.builder.byteCount + processor.builder.lineCount * MemoryLayout<LogBatch.Line>.stride
    }

    /// A number for a stream that holds for as long as this lives.
    package func register(_ stream: LogStream) -> UInt32 { processor.builder.stream(stream) }

    /// A line, without its newline.
    /// - Parameters:
    ///   - time: nanoseconds since 1970; nil: now.
    ///   - isCut: whether its end is missing.
    package func add(
        _ line: UnsafeRawBufferPointer, of stream: UInt32, time: Int64? = nil, level: LogLevel = .none,
        fields: [(name: String, value: String)] = [], isCut: Bool = false
    ) {
        guard line.baseAddress != nil else { return }
        counts.lines += 1
        counts.bytes += line.count
        lineBytes += line.count
        processor.begin(ByteView(line), stream: stream, now: now)
        if let time { processor.builder.line.setTime(time) }
        processor.builder.line.level = level
        for (name, value) in fields {
            let number = processor.builder.name(name)
            processor.builder.line.set(number, processor.builder.line.scratch.copy(value.utf8))
        }
        if isCut {
            counts.cutLines += 1
            processor.builder.line.set(ProgramNames.cut, processor.builder.line.scratch.copy("\(line.count)".utf8))
        }
        processor.finish()
    }

    package func take() -> LogBatch {
        lineBytes = 0
        return processor.takeBatch()
    }
}
