import ArgumentParser
import Core
import Wire

struct MetricsTopCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "The series with the greatest figures.")

    enum Order: String, CaseIterable, ExpressibleByArgument {
        case last, mean, max
    }

    @Argument(help: "A target of Graphite: 'hosts.*.load.1'.") var target: String
    @Option(help: "What counts: last, mean or max.") var by = Order.last
    @Option(help: "How many series.") var limit = 20
    @Option(help: "How far back: 10min, 6h.") var over = "10min"
    @Flag(name: .shortAndLong, help: "Go on, with new figures every ten seconds.") var follow = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000.") }
    }

    func run(_ session: Session) async throws {
        repeat {
            let series = try await session.client.series(target, from: "-\(over)")
            let top = Array(series.sorted { figure($0) > figure($1) }.prefix(limit))
            if follow, !output.json, session.console.data.isTerminal { session.console.data.write("\u{1B}[H\u{1B}[2J") }
            if follow, output.json {
                for one in top { session.console.data.write(try JSONText.line(one) + "\n") }
            } else {
                try session.console.show(top, json: output.json) { SeriesFigures.table($0).lines(width: $1) }
            }
            if follow { try await Task.sleep(for: .seconds(10)) }
        } while follow
    }

    private func figure(_ series: SeriesView) -> Double {
        let figures = SeriesFigures(series, columns: 0)
        return switch by {
        case .last: figures.last ?? -.infinity
        case .mean: figures.mean ?? -.infinity
        case .max: figures.greatest ?? -.infinity
        }
    }
}
