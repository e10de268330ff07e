import ArgumentParser
import Core
import Telemetry
import Wire

struct MetricsGraphCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph", abstract: "Draw a target in the terminal.")

    enum Unit: String, CaseIterable, ExpressibleByArgument {
        case none, percent, bytes, seconds, milliseconds
        case bytesPerSecond = "bytes/s"
        case bitsPerSecond = "bits/s"
        case perSecond = "/s"
    }

    @Argument(help: "A target of Graphite: 'hosts.*.load.1'.") var target: String
    @OptionGroup var span: SpanOptions
    @Option(help: "What the figures are: none, percent, bytes, bytes/s, bits/s, seconds, milliseconds, /s.")
    var unit = Unit.none
    @Option(help: "How many lines high.") var height = 16
    @Option(help: "How many columns wide; default: the terminal's.") var width: Int?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let console = session.console
        let columns = width ?? console.data.width ?? 80
        let series = try await session.client.series(
            target, from: span.from, until: span.until, points: min(100_000, max(1, columns * 2)))
        if output.json {
            return try console.show(series, json: true) { _, _ in [] }
        }
        guard let first = series.first else {
            return console.suggest("Nothing matches. `apus metrics find` shows what there is.")
        }
        let from = series.reduce(first.start) { min($0, $1.start) }
        let until = series.reduce(first.window.end) { max($0, $1.window.end) }
        let chart = Chart(
            title: target, unit: ChartUnit(written: unit.rawValue) ?? .none, from: from, until: max(until, from + 1),
            series: series.map { ChartSeries($0.window) })
        // The chart's text is made of figures and of names that it has made printable itself.
        console.data.write(
            TerminalChart(chart, columns: columns, lines: height, hasColor: console.data.usesColour).text)
    }
}
