package import Telemetry

/// A search as it is written: `app:shop level:>=warn "timed out" -path:/healthz | count by host, 1m`.
///
/// The language is in docs/logs-query.md. A query keeps what the user wrote apart from blanks and the way of
/// quoting: `description` writes it back, and reading that gives an equal query.
package struct LogQuery: Hashable, Sendable {
    /// The longest query, in bytes.
    package static let bytesMax = 8 << 10
    /// How deep parentheses and `not` may be nested.
    package static let depthMax = 50
    /// How many terms a query may have.
    package static let termsMax = 200
    /// How many pipes a query may have.
    package static let stagesMax = 8
    /// How many figures, groups or keys one pipe may have, and how many fields.
    static let columnsMax = 10
    static let fieldsMax = 100
    /// The longest name of a field, in bytes.
    static let nameMax = 256

    /// Which lines.
    package var filter: LogExpression
    /// What is made of them.
    package var stages: [LogStage]

    package init(filter: LogExpression = .all, stages: [LogStage] = []) {
        self.filter = filter
        self.stages = stages
    }

    /// - Throws: `logs.query-invalid` with the place and what was expected, `logs.query-too-large`.
    package init(_ text: String) throws(TelemetryProblem) {
        var parser = try LogQueryParser(text)
        self = try parser.parse()
    }
}
