/// Fields that become labels of a line's stream: those of the few senders whose documents say whose lines they are.
package struct LabelFields: Sendable {
    /// A label, and the fields that may give it. The first that a line has does.
    var rules: [(label: String, fields: [String])]

    /// No field becomes a label.
    package static let none = LabelFields(rules: [])
    /// `host`, `app` and `index` by the names that shippers use.
    package static let usual = LabelFields(rules: [
        ("host", ["host.name", "host", "hostname", "agent.hostname", "_HOSTNAME"]),
        (
            "app",
            [
                "app", "service.name", "service", "kubernetes.labels.app", "kubernetes.container.name",
                "container.name",
                "container_name", "application", "SYSLOG_IDENTIFIER",
            ]
        ),
    ])

    var names: [String] { rules.flatMap(\.fields) }
}
