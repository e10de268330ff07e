import Core
import Logs

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
}
