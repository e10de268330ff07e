/// Where lines come from: labels that all lines of a stream have in common, sorted by name.
///
/// Labels that Apus gives: `fabric`, `region`, `zone`, `host`, `app`, `process`, `instance`, `release`, and
/// `source` (`stdout`, `stderr`, `nginx.access`, `nginx.error`, `haproxy`, `syslog`, `journal`, the path of a
/// file, `bulk`, `loki`, `otlp`). Few distinct values each: what differs from line to line is a field.
package struct LogStream: Hashable, Sendable {
    package struct Label: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Sorted by name, each name once, no empty values.
    package let labels: [Label]

    /// Of two labels with one name the last counts.
    package init(_ labels: [Label]) {
        var values: [String: String] = [:]
        for label in labels { values[label.name] = label.value }
        self.labels = values.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { Label($0.key, $0.value) }
    }

    package subscript(name: String) -> String? { labels.first { $0.name == name }?.value }
}

extension LogStream: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements.map { Label($0, $1) })
    }
}

extension LogStream: CustomStringConvertible {
    /// `{app=shop,host=web-1}`
    package var description: String { "{" + labels.map { "\($0.name)=\($0.value)" }.joined(separator: ",") + "}" }
}
