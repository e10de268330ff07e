extension LogBatch {
    /// Lines that were found, as they were when they came.
    package init(_ lines: some Sequence<LogLine>, seed: UInt64) {
        var processor = LogProcessor(seed: seed)
        for line in lines {
            let stream = processor.builder.stream(line.stream)
            line.message.withUnsafeBytes { message in
                processor.begin(ByteView(message), stream: stream, now: line.time)
                processor.builder.line.level = line.level
                for field in line.fields {
                    processor.builder.line.set(
                        processor.builder.name(field.name), processor.builder.line.scratch.copy(field.value))
                }
                processor.finish()
            }
        }
        self = processor.takeBatch()
    }
}
