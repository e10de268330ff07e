import ArgumentParser
import ConfigRepository
import Core
import FoundationEssentials
import Logs
import Telemetry

struct LogsTryCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "What git's pipelines make of lines.",
        discussion: """
            tail -5 app.log | apus logs try infra
            apus logs try infra --lines app.log --label app=shop
            Needs no server. For each line it shows what each step has changed, what is kept, and what is measured. \
            Redactions come first, as on hosts.
            """)

    private static let linesMax = 1000

    @OptionGroup var repository: RepositoryOptions
    @Option(help: "The fabric; not needed if there is only one.") var fabric: String?
    @Option(help: "A file with lines, in place of standard input.", completion: .file()) var lines: String?
    @Option(help: "NAME=VALUE: where the lines come from, for pipelines that are for some only.") var label: [String] =
        []
    @OptionGroup var output: OutputOptions

    func run(_ console: Console) async throws {
        let policy = try await repository.read().configuration(named: fabric).policy.logs
        let labels = try label.map { text throws(Problem) in try LabelOption(text) }
        let stream = LogStream(labels.map { LogStream.Label($0.name, $0.value) })
        let now = Int64(Date().timeIntervalSince1970 * 1000) * 1_000_000
        let trial: LogTrial
        do throws(TelemetryProblem) {
            trial = try LogTrial(try policy.trialPipelines())
        } catch {
            throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
        }
        let tried = trial.run(try texts(console), stream: stream, now: now).map(TriedLine.init)
        try console.show(tried, json: output.json) { tried, _ in tried.flatMap(\.shown) }
        if tried.isEmpty { console.suggest("There was no line. Give some on standard input, or --lines FILE.") }
    }

    private func texts(_ console: Console) throws(Problem) -> [String] {
        guard let lines else {
            var texts: [String] = []
            while texts.count < Self.linesMax, let line = console.readLine(.shown) { texts.append(line) }
            return texts
        }
        do {
            let text = String(decoding: try Data(contentsOf: URL(filePath: lines)), as: UTF8.self)
            return text.split(separator: "\n").prefix(Self.linesMax).map(String.init)
        } catch {
            throw Problem(
                "file.unreadable", "The file cannot be read.", cause: "\(lines): \(error)", remedy: "Check the path.")
        }
    }
}

/// What became of a line, as it is shown.
private struct TriedLine: Codable {
    struct Step: Codable {
        var pipeline: String
        var step: String
        /// By the names of values: before and after, empty for none.
        var changes: [String: [String]]
    }

    var input: String
    var steps: [Step]
    /// The step that left it out.
    var droppedBy: String?
    var outcome: [String: String]
    var measures: [String]

    init(_ line: LogTrial.Line) {
        input = line.input
        steps = line.steps.map { step in
            var changes: [String: [String]] = [:]
            for change in step.changes { changes[change.name] = [change.before ?? "", change.after ?? ""] }
            return Step(pipeline: step.pipeline, step: step.title, changes: changes)
        }
        droppedBy = line.droppedBy
        outcome = line.outcome
        measures = line.measures.map { measure in
            let tags = measure.tags.map { " \($0.name)=\($0.value)" }.joined()
            switch measure.value {
            case .count(let count): return "\(measure.name) +\(count)\(tags)"
            case .timings(let values): return "\(measure.name) \(values)\(tags)"
            }
        }
    }

    var shown: [StyledText] {
        var rows = [StyledText(input, .bold)]
        for step in steps {
            let effect = step.changes.isEmpty ? StyledText("  changes nothing", .dim) : StyledText("")
            rows.append(StyledText("  \(step.pipeline): \(step.step)", .cyan) + effect)
            for (name, values) in step.changes.sorted(by: { $0.key < $1.key }) {
                let before = values[0].isEmpty ? StyledText("") : StyledText("\(values[0]) → ", .dim)
                let after = values[1].isEmpty ? StyledText("gone", .yellow) : StyledText(values[1])
                rows.append(StyledText("    \(name): ", .dim) + before + after)
            }
        }
        if let droppedBy { rows.append(StyledText("  not kept: \(droppedBy)", .yellow)) }
        for measure in measures { rows.append(StyledText("  measured: \(measure)", .green)) }
        return rows
    }
}
