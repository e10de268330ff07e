package import Telemetry

/// Turns what a sender pushed into lines.
package struct LogIntake: Sendable {
    /// The forms of what senders push.
    package enum Format: String, CaseIterable, Hashable, Sendable {
        case elasticBulk = "elastic-bulk"
        case lokiJSON = "loki-json"
        case lokiProtobuf = "loki-protobuf"
        case openTelemetryJSON = "otlp-json"
        case openTelemetryProtobuf = "otlp-protobuf"
        /// An object a line; lines that are none are kept as they are.
        case jsonLines = "json-lines"
        case plainLines = "plain-lines"
    }

    /// Lines of one request that are taken. What has more is refused whole.
    package static let linesMax = 2_000_000
    /// Streams of one request, which are told apart by their labels.
    package static let streamsMax = 10_000
    /// Labels of a stream; those beyond become fields.
    package static let labelsMax = 32

    /// Labels of all lines.
    package var stream: LogStream
    /// Nanoseconds since 1970: the time of lines that have none.
    package var now: Int64

    package init(stream: LogStream, now: Int64) {
        self.stream = stream
        self.now = now
    }

    /// - Throws: if nothing of the body could be read; then no line was taken, or the batch is not to be kept.
    package func read(
        _ body: [UInt8], as format: Format, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        switch format {
        case .elasticBulk:
            let answer = try reading(body) { view throws(TelemetryProblem) in
                try ElasticBulk.read(view.buffer, index: nil, stream: stream, now: now, into: &processor)
            }
            return answer.accepted(took: 0, isBrief: false)
        case .lokiJSON: return try LokiPush.readJSON(body, self, into: &processor)
        case .lokiProtobuf: return try LokiPush.readProtobuf(body, self, into: &processor)
        case .openTelemetryJSON: return try OTLPLogs.readJSON(body, self, into: &processor)
        case .openTelemetryProtobuf: return try OTLPLogs.readProtobuf(body, self, into: &processor)
        case .jsonLines: return try PushedLines.read(body, self, areJSON: true, into: &processor)
        case .plainLines: return try PushedLines.read(body, self, areJSON: false, into: &processor)
        }
    }

    /// Lines, and what they said for the metrics, in a batch of their own.
    package func batch(
        of body: [UInt8], as format: Format, program: LogProgram?, seed: UInt64
    ) throws(TelemetryProblem) -> (batch: LogBatch, answer: AcceptAnswer, measures: [LogMeasure]) {
        var processor = LogProcessor(program, labels: .usual, seed: seed)
        let answer = try read(body, as: format, into: &processor)
        return (processor.takeBatch(), answer, processor.takeMeasures())
    }

    /// Bytes of texts in one batch: their places are numbers of 32 bits.
    private static let batchBytesMax = 1 << 30

    /// - Throws: `logs.request-size` if there are so many lines in the batch that there is no room for more.
    @inline(__always)
    static func checkRoom(_ processor: borrowing LogProcessor, lines: Int) throws(TelemetryProblem) {
        if lines >= linesMax || processor.builder.byteCount > batchBytesMax { throw tooMany() }
    }

    static func tooMany() -> TelemetryProblem {
        TelemetryProblem(
            "logs.request-size", "The lines were not taken.",
            cause: "The request has more than \(linesMax) lines, more than \(streamsMax) streams, or too long ones.",
            remedy: "Send fewer at once.")
    }

    static func unreadable(_ form: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.request", "The lines were not taken.", cause: cause, remedy: "Send \(form).")
    }
}

/// Bytes as a view that lives as long as the call of `body`.
func reading<Result>(
    _ bytes: [UInt8], _ body: (ByteView) throws(TelemetryProblem) -> Result
) throws(TelemetryProblem) -> Result {
    try bytes.withUnsafeBufferPointer { (buffer) throws(TelemetryProblem) in
        try body(ByteView(UnsafeRawBufferPointer(buffer)))
    }
}
