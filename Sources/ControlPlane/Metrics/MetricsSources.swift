package import Core
import Telemetry
package import Wire

/// What metrics ask of the rest of the server.
package struct MetricsSources: Sendable {
    /// Executions, for marks.
    package struct Executions: Sendable {
        /// The newest ones, ended or not.
        package var latest: @Sendable (_ limit: Int) async throws(Problem) -> [ExecutionView]
        package var one: @Sendable (ExecutionID) async throws(Problem) -> ExecutionView

        package init(
            latest: @escaping @Sendable (_ limit: Int) async throws(Problem) -> [ExecutionView],
            one: @escaping @Sendable (ExecutionID) async throws(Problem) -> ExecutionView
        ) {
            self.latest = latest
            self.one = one
        }
    }

    package var executions: Executions
    /// What the server knows of itself.
    package var own: @Sendable () async -> OwnFigures
    /// The addresses of a scrape, as of now, each with the tags of its series.
    package var targets: @Sendable (ScrapeSpec) async -> [ScrapeTarget]
    /// What git says of metrics now; nil: nothing yet.
    package var policy: @Sendable () async -> MetricsPolicy?
    /// Tells agents how long to gather.
    package var announce: @Sendable (Interval) -> Void

    package init(
        executions: Executions, own: @escaping @Sendable () async -> OwnFigures,
        targets: @escaping @Sendable (ScrapeSpec) async -> [ScrapeTarget],
        policy: @escaping @Sendable () async -> MetricsPolicy?,
        announce: @escaping @Sendable (Interval) -> Void = { _ in }
    ) {
        self.executions = executions
        self.own = own
        self.targets = targets
        self.policy = policy
        self.announce = announce
    }
}

/// One address that is asked for its metrics.
package struct ScrapeTarget: Hashable, Sendable {
    package var url: String
    /// `instance` and `job` as Prometheus has them, and `host` or `app` where they are known.
    package var tags: [String: String]

    package init(url: String, tags: [String: String]) {
        self.url = url
        self.tags = tags
    }
}

/// Figures of the server itself: `apus.server.…`.
package struct OwnFigures: Sendable {
    package var values: [(name: String, value: Double)]

    package init(_ values: [(name: String, value: Double)]) { self.values = values }

    func points(statistics: SeriesStoreStatistics, sourcesFull: Int, at time: Int64) -> [NamedPoint] {
        var all = values
        all += [
            ("metrics.series", Double(statistics.series)), ("metrics.points", Double(statistics.points)),
            ("metrics.refused", Double(statistics.refused.values.reduce(0, +))),
            ("metrics.sources-full", Double(sourcesFull)), ("metrics.blocks", Double(statistics.blocks)),
            ("metrics.bytes.blocks", Double(statistics.blockBytes)),
            ("metrics.bytes.log", Double(statistics.logBytes)), ("metrics.bytes.head", Double(statistics.headBytes)),
            ("metrics.bytes.index", Double(statistics.indexBytes)), ("metrics.syncs", Double(statistics.syncs)),
            ("metrics.sync-seconds", Double(statistics.syncNanoseconds) / 1e9),
        ]
        for (source, count) in statistics.refusedBySource {
            let name = source.text.map { $0.isLetter || $0.isNumber ? $0 : "-" }
            all.append(("metrics.refused-by-source.\(String(name))", Double(count)))
        }
        return all.map { NamedPoint(name: "apus.server.\($0.name)", time: time, value: $0.value) }
    }
}
