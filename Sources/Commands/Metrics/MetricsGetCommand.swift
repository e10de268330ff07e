import ArgumentParser
import Core
import Wire

struct MetricsGetCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "The figures of a target.",
        discussion: "A line for each series; with --points a line for each point; with --json everything.")

    @Argument(help: "A target of Graphite: 'hosts.*.load.1'.") var target: String
    @OptionGroup var span: SpanOptions
    @Flag(help: "Every point, as TIME, VALUE and SERIES.") var points = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let series = try await session.client.series(target, from: span.from, until: span.until)
        if points, !output.json {
            for one in series { write(one, to: session.console) }
        } else {
            try session.console.show(series, json: output.json) { SeriesFigures.table($0).lines(width: $1) }
        }
        if series.isEmpty { session.console.suggest("Nothing matches. `apus metrics find` shows what there is.") }
    }

    private func write(_ series: SeriesView, to console: Console) {
        for (index, value) in series.values.enumerated() {
            guard let value else { continue }
            let time = Instant(milliseconds: (series.start + Int64(index) * series.step) * 1000)
            console.data.print(
                StyledText(Words.time(time), .dim) + StyledText("  \(value)  ") + StyledText(series.name, .bold))
        }
    }
}
