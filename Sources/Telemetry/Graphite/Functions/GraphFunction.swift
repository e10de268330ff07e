/// A function of targets: what `/functions` says of it, and what it does.
package struct GraphFunction: Sendable {
    package var name: String
    /// Graphite's group: `Combine`, `Transform`, …
    package var group: String
    /// One sentence.
    package var summary: String
    package var parameters: [GraphParameter]
    /// Whether `groupByNode` and its like take it by name.
    package var isAggregator = false
    /// The aggregation that this is of one list, if it can take the list in parts.
    var folded: String?
    var body: Body

    enum Body: Sendable {
        case series(@Sendable (GraphArguments, GraphContext) throws(TelemetryProblem) -> [GraphSeries])
        case value(@Sendable (GraphArguments, GraphContext) throws(TelemetryProblem) -> GraphValue)
        case fetching(@Sendable (GraphCall) async throws(TelemetryProblem) -> [GraphSeries])
    }

    init(
        _ name: String, _ group: String, _ summary: String, _ parameters: [GraphParameter], isAggregator: Bool = false,
        _ body: Body
    ) {
        self.name = name
        self.group = group
        self.summary = summary
        self.parameters = parameters
        self.isAggregator = isAggregator
        self.body = body
    }

    /// The same under another name.
    func named(_ name: String) -> GraphFunction {
        var copy = self
        copy.name = name
        return copy
    }

    /// `scale(seriesList, factor)`, as Python's documentation writes it.
    package var signature: String {
        let parameters = parameters.map { parameter in
            if parameter.isMultiple { return "*" + parameter.name }
            if parameter.isRequired { return parameter.name }
            guard let value = parameter.defaultValue else { return parameter.name + "=None" }
            if case .string(let text) = value { return "\(parameter.name)='\(text)'" }
            return "\(parameter.name)=\(value.text)"
        }
        return "\(name)(\(parameters.joined(separator: ", ")))"
    }
}
