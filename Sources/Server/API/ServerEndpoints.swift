import ControlPlane
import Core
import Hummingbird
import Wire

/// What the server says about itself.
struct ServerEndpoints {
    let operations: any FabricOperations
    let metrics: any MetricsOperations
    let counters: ServerCounters
    let streams: StreamLimit
    let version: String

    func register(on board: inout Switchboard) {
        let operations = operations
        board.on(Routes.health) { _ in .text("ok\n") }
        board.on(Routes.readiness) { _ in
            do {
                try await operations.readiness()
                return .text("ready\n")
            } catch let problem as Problem {
                // Open to all, so it says no more than the code.
                return .text("not ready: \(problem.code)\n", status: .serviceUnavailable)
            }
        }
        board.on(Routes.metrics) { [metrics, counters, streams, version] _ in
            let status = try await operations.status()
            let lines = counters.lines() + Self.lines(status, streams: streams.count, version: version)
            let series = StoreExposition.text(metrics.statistics, sourcesFull: metrics.sourcesFull)
            return .text(
                lines.joined(separator: "\n") + "\n" + series, type: "text/plain; version=0.0.4; charset=utf-8")
        }
        let document = OpenAPIDocument(routes: Routes.all, version: version).text
        board.on(Routes.openAPI) { _ in .text(document, type: "application/json") }
    }

    private static func lines(_ status: StatusView, streams: Int, version: String) -> [String] {
        var lines = [
            "# HELP apus_build_info What runs; always 1.", "# TYPE apus_build_info gauge",
            "apus_build_info{version=\"\(label(version))\",fabric=\"\(status.fabric)\"} 1",
            "# HELP apus_streams_open Event streams that are open.", "# TYPE apus_streams_open gauge",
            "apus_streams_open \(streams)",
            "# HELP apus_desired_revision Revision of the desired model.", "# TYPE apus_desired_revision gauge",
            "apus_desired_revision \(status.desiredRevision)",
            "# HELP apus_executions_open Executions that have not ended.", "# TYPE apus_executions_open gauge",
            "apus_executions_open \(status.executions.count)",
            "# HELP apus_hosts Hosts by colour.", "# TYPE apus_hosts gauge",
        ]
        lines += counts(status.hosts).map { "apus_hosts{colour=\"\($0)\"} \($1)" }
        lines += ["# HELP apus_instances Instances by app and colour.", "# TYPE apus_instances gauge"]
        for app in status.apps {
            lines += counts(app.counts).map { "apus_instances{app=\"\(app.name)\",colour=\"\($0)\"} \($1)" }
        }
        return lines
    }

    private static func counts(_ counts: ColourCounts) -> [(Colour, Int)] {
        [(.green, counts.green), (.yellow, counts.yellow), (.red, counts.red)]
    }

    /// A label's value with what the format gives a meaning left out.
    private static func label(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }.map(Character.init))
    }
}
