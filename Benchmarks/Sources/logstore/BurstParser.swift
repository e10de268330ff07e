import Logs

/// Takes bursts apart as an agent does: each line by its form, which is guessed.
struct BurstParser: ~Copyable {
    private var processor: LogProcessor

    init() throws {
        processor = LogProcessor(try LogProgram([LogPipeline(name: "guess", steps: [.parse(.auto)])]), seed: 1)
    }

    mutating func batch(_ burst: Corpus.Burst) -> LogBatch {
        let stream = processor.builder.stream(burst.stream)
        burst.text.withUnsafeBytes { text in
            var start = 0
            for time in burst.times {
                var end = start
                while text[end] != 0x0A { end += 1 }
                processor.take(
                    ByteView(UnsafeRawBufferPointer(rebasing: text[start..<end])), stream: stream, now: time)
                start = end + 1
            }
        }
        return processor.takeBatch()
    }
}
