import ConfigRepository
import Core
import Logs
import Telemetry

extension LogsPolicy {
    /// How the store is to keep lines.
    var storeOptions: LogStoreOptions {
        var options = LogStoreOptions()
        options.retention = retention.map { rule in
            LogRetention(
                labels: rule.labels.sorted { $0.key < $1.key }.map { LogStream.Label($0.key, $0.value) },
                age: rule.age.map { $0.milliseconds * 1_000_000 }, bytes: rule.size.map { Int($0.bytes) })
        }
        return options
    }

    /// Without any of git's the form of every line is recognised.
    func logPipelines() throws(TelemetryProblem) -> [LogPipeline] {
        guard !pipelines.isEmpty else { return [LogPipeline(name: "auto", steps: [.parse(.auto)])] }
        var compiled: [LogPipeline] = []
        for pipeline in pipelines { compiled.append(try LogPipeline(pipeline)) }
        return compiled
    }
}
