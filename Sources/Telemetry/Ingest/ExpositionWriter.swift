/// Writes metrics as text, in either form: Apus' own `/metrics`.
package struct ExpositionWriter: Sendable {
    package enum Kind: String, Hashable, Sendable {
        case counter, gauge, histogram, summary
    }

    private let dialect: ExpositionDialect
    private var text = ""
    private var family = ""
    private var kind = Kind.gauge

    package init(_ dialect: ExpositionDialect) { self.dialect = dialect }

    /// The header `Content-Type` of what is written.
    package var contentType: String {
        dialect == .openMetrics
            ? "application/openmetrics-text; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8"
    }

    /// Begins a family. The name of a counter is given without `_total`. Each name begins one family only.
    package mutating func family(_ name: StaticString, _ kind: Kind, help: String) {
        family = "\(name)"
        self.kind = kind
        let head = kind == .counter && dialect == .prometheus ? family + "_total" : family
        text +=
            "# HELP \(head) \(Self.escaped(help, quotes: dialect == .openMetrics))\n# TYPE \(head) \(kind.rawValue)\n"
    }

    /// A sample of the family: for a histogram or a summary with its suffix, such as `_bucket`.
    package mutating func sample(
        _ suffix: StaticString = "", _ labels: [(key: StaticString, value: String)] = [], _ value: Double
    ) {
        text += kind == .counter ? family + "_total" : "\(family)\(suffix)"
        if !labels.isEmpty {
            let pairs = labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }
            text += "{\(pairs.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    package consuming func finish() -> String { dialect == .openMetrics ? text + "# EOF\n" : text }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.magnitude < 1e18 && value == value.rounded() ? "\(Int64(value))" : "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
