import Core
import Synchronization
import Telemetry

/// What git says of metrics, as it is now.
final class MetricsPolicies: Sendable {
    private let policy: Mutex<MetricsPolicy>

    init(_ policy: MetricsPolicy) { self.policy = Mutex(policy) }

    var current: MetricsPolicy { policy.withLock { $0 } }

    /// - Returns: whether it is another one than before.
    func set(_ new: MetricsPolicy) -> Bool {
        policy.withLock { policy in
            defer { policy = new }
            return policy != new
        }
    }
}

extension MetricsPolicy {
    /// The store's rules. Those for what Apus itself makes come last: git's go first.
    var rules: [RetentionRule] {
        retention.map { spec in
            RetentionRule(
                pattern: spec.match,
                archives: spec.archives.map {
                    Archive(
                        step: Int($0.step.milliseconds / 1000), retention: Int($0.span.milliseconds / 1000))
                },
                consolidation: spec.aggregation.flatMap { Consolidation(rawValue: $0.rawValue) },
                xFilesFactor: Double(spec.filledMin ?? 0) / 100)
        }
    }

    var statsd: StatsdSettings {
        var settings = StatsdSettings()
        settings.interval = flush.milliseconds / 1000
        settings.percentiles = percentiles.map(Double.init)
        settings.names.isLegacy = legacyNames
        settings.histograms = histograms.map { StatsdBins(metric: $0.metric, limits: $0.bounds + [.infinity]) }
        return settings
    }
}
