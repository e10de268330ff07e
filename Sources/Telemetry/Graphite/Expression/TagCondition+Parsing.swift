extension TagCondition {
    /// Reads `key=value`, `key!=value`, `key=~pattern` or `key!=~pattern`.
    package init(_ text: String) throws(TelemetryProblem) {
        let key = text.prefix { !";!=".contains($0) }
        var rest = text[key.endIndex...]
        var comparison: Comparison?
        for candidate in ["!=~", "=~", "!=", "="] where rest.hasPrefix(candidate) {
            comparison = Comparison(rawValue: candidate)
            rest = rest.dropFirst(candidate.count)
            break
        }
        guard let comparison, !key.isEmpty, !rest.contains(";") else {
            throw TelemetryProblem(
                "graph.tag-condition-invalid", "The condition `\(text.prefix(120))` was not read.",
                cause: "It is not of the form `key=value`, `key!=value`, `key=~pattern` or `key!=~pattern`.",
                remedy: "Write one condition per text, as in `seriesByTag('name=cpu', 'host=~web')`.")
        }
        if comparison == .matches || comparison == .differs { _ = try BoundedPattern(String(rest)) }
        self.init(key: String(key), comparison, String(rest))
    }

    /// The conditions that `seriesByTag` is called with.
    static func conditions(of call: GraphCallExpression) throws(TelemetryProblem) -> [TagCondition] {
        var conditions: [TagCondition] = []
        for argument in call.arguments {
            if case .scalar(.string(let text)) = argument { conditions.append(try TagCondition(text)) }
        }
        return conditions
    }
}
