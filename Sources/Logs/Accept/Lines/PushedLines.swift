package import Telemetry

/// A line a line.
package enum PushedLines {
    /// - Parameter areJSON: whether lines are objects; those that are not are kept as they are.
    /// - Throws: `logs.request-size`.
    package static func read(
        _ body: [UInt8], _ intake: LogIntake, areJSON: Bool, into processor: inout LogProcessor
    ) throws(TelemetryProblem) -> AcceptAnswer {
        let stream = processor.builder.stream(intake.stream)
        var accepted = 0
        try reading(body) { view throws(TelemetryProblem) in
            var from = 0
            while from < view.count {
                let end = view.index(of: 0x0A, from: from) ?? view.count
                let line = withoutReturn(view.slice(from, end))
                from = end + 1
                guard !line.isEmpty else { continue }
                try LogIntake.checkRoom(processor, lines: accepted)
                accepted += 1
                processor.begin(line, stream: stream, now: intake.now)
                if areJSON { _ = LineForms.parse(line, as: .json, &processor.builder) }
                processor.finish()
            }
        }
        return AcceptAnswer(status: 200, body: Array(#"{"accepted":\#(accepted)}"#.utf8), accepted: accepted)
    }

    static func withoutReturn(_ line: ByteView) -> ByteView {
        line.count > 0 && line[line.count - 1] == 0x0D ? line.slice(0, line.count - 1) : line
    }
}
