import ArgumentParser

struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics", abstract: "What is measured: find, read, draw, send, keep.",
        discussion: """
            Targets are Graphite's: a path such as hosts.web-1.load.1, patterns (hosts.*.load.1), and functions \
            around them (averageSeries(hosts.*.load.1)). Times are Graphite's, too: -6h, now-1d/d, midnight.
            """,
        subcommands: [
            MetricsFindCommand.self, MetricsGetCommand.self, MetricsGraphCommand.self, MetricsTopCommand.self,
            MetricsSendCommand.self, MetricsDeleteCommand.self, MetricsBackupCommand.self,
        ])
}

/// The span of time that is looked at.
struct SpanOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "From when: -6h, now-1d/d, midnight, 2026-11-21, seconds since 1970.")
    var from = "-1h"
    @Option(parsing: .unconditional, help: "Until when.") var until = "now"
}
