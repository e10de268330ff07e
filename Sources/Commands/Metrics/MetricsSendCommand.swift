import ArgumentParser
import Core
import FoundationEssentials
import Wire

struct MetricsSendCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send points.",
        discussion: """
            apus metrics send backup.seconds 412
            apus metrics send -- frost.degrees -5     a value below zero
            apus metrics send < FILE      lines of NAME VALUE [SECONDS SINCE 1970]
            A token with the role reporter is enough.
            """)

    private static let pointsMax = 1000

    @Argument(help: "The series: path, or path;key=value.") var name: String?
    @Argument(help: "A number.") var value: Double?
    @Option(help: "When, in seconds since 1970; default: now.") var time: Int64?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (name == nil) == (value == nil) else { throw ValidationError("Give a name and a value, or neither.") }
    }

    func run(_ session: Session) async throws {
        var sum = PointsTakenView(taken: 0, refused: 0)
        func send(_ points: [PointView]) async throws(Problem) {
            let taken = try await session.client.send(points)
            sum.taken += taken.taken
            sum.refused += taken.refused
            sum.reason = sum.reason ?? taken.reason
        }
        if let name, let value {
            try await send([PointView(name: name, time: time.map { Instant(milliseconds: $0 * 1000) }, value: value)])
        } else {
            var points: [PointView] = []
            while let line = session.console.readLine(.shown) {
                if line.allSatisfy(\.isWhitespace) { continue }
                points.append(try Self.point(line))
                if points.count == Self.pointsMax {
                    try await send(points)
                    points = []
                }
            }
            if !points.isEmpty { try await send(points) }
        }
        try session.console.show(sum, json: output.json) { sum, _ in
            ["\(Words.count(sum.taken, "point")) kept"]
                + (sum.refused > 0 ? [StyledText("\(sum.refused) refused", .red)] : [])
        }
        if sum.refused > 0 {
            throw Problem(
                "points.refused", "Not all points were kept.", cause: sum.reason ?? "The server refused them.",
                remedy: "Correct them, and send these again.")
        }
    }

    /// `NAME VALUE [SECONDS]`.
    static func point(_ line: String) throws(Problem) -> PointView {
        let parts = line.split(whereSeparator: \.isWhitespace)
        guard (2...3).contains(parts.count), let value = Double(parts[1]), value.isFinite else {
            throw invalid(line)
        }
        guard parts.count == 3 else { return PointView(name: String(parts[0]), value: value) }
        guard let seconds = Int64(parts[2]), (0...1 << 40).contains(seconds) else { throw invalid(line) }
        return PointView(name: String(parts[0]), time: Instant(milliseconds: seconds * 1000), value: value)
    }

    private static func invalid(_ line: String) -> Problem {
        Problem(
            "point.invalid", "A point cannot be read.", cause: "\(quotedForMessage(line)) was found.",
            remedy: "Write NAME VALUE, and perhaps seconds since 1970.")
    }
}
