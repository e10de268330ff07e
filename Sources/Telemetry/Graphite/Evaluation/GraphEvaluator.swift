/// Evaluates targets over a source of series.
package struct GraphEvaluator: Sendable {
    package var source: any SeriesSource
    package var limits: GraphLimits

    package init(source: any SeriesSource, limits: GraphLimits = GraphLimits()) {
        self.source = source
        self.limits = limits
    }

    /// The series of all targets, in order. Empty targets give nothing.
    package func evaluate(_ request: RenderRequest, events: [GraphEvent] = []) async throws(TelemetryProblem)
        -> [GraphSeries]
    {
        var targets: [GraphExpression] = []
        for target in request.targets where !target.allSatisfy(\.isWhitespace) {
            targets.append(try ExpressionParser.parse(target))
        }
        let session = GraphSession(source: source, events: events, limits: limits, variables: request.variables)
        let context = GraphContext(
            start: request.from, end: request.until, now: request.now, zone: request.zone,
            xFilesFactor: request.xFilesFactor, session: session)
        var result: [GraphSeries] = []
        for target in targets {
            result += try await context.evaluate(target, [:]).series
        }
        return result
    }
}

/// What templates put in the place of `$name`, in the order in which they are tried.
typealias GraphVariables = [String: GraphScalar]

extension GraphContext {
    func evaluate(
        _ expression: GraphExpression, _ variables: GraphVariables
    ) async throws(TelemetryProblem) -> GraphValue {
        switch expression {
        case .scalar(let value): return .scalar(value)
        case .template(let inner, let given):
            var variables: GraphVariables = [:]
            for variable in given + session.variables { variables[variable.name] = variable.value }
            return try await evaluate(inner, variables)
        case .path(let path):
            let (pattern, value) = Self.substitute(path, variables)
            if let value { return .scalar(value) }
            return .list(try await session.fetch(pattern, tagged: nil, in: self))
        case .call(let call):
            return try await evaluate(call, variables)
        }
    }

    private func evaluate(
        _ expression: GraphCallExpression, _ variables: GraphVariables
    ) async throws(TelemetryProblem) -> GraphValue {
        try session.countCall()
        guard let function = GraphFunctions.named(expression.function) else {
            throw TelemetryProblem(
                "graph.function-unknown", "The target was not evaluated.",
                cause: "At byte \(expression.position + 1) it calls `\(expression.function.prefix(64))`, which is none "
                    + "of the \(GraphFunctions.all.count) functions.",
                remedy: "`/functions` and docs/graphite.md list them.")
        }
        if expression.function == "seriesByTag" {
            let conditions = try TagCondition.conditions(of: expression)
            return .list(try await session.fetch(expression.source, tagged: conditions, in: self))
        }
        if let aggregation = function.folded, expression.arguments.count == 1, expression.keywords.isEmpty,
            case .path(let path) = expression.arguments[0]
        {
            let (pattern, value) = Self.substitute(path, variables)
            if value == nil, let series = try await session.fold(pattern, aggregation, in: self) {
                return .list([series])
            }
        }
        var positional: [GraphValue] = []
        for argument in expression.arguments { positional.append(try await evaluate(argument, variables)) }
        var keywords: [(String, GraphValue)] = []
        for keyword in expression.keywords {
            keywords.append((keyword.name, try await evaluate(keyword.value, variables)))
        }
        let arguments = try GraphArguments(function, positional, keywords)
        switch function.body {
        case .series(let body): return .list(try body(arguments, self))
        case .value(let body): return try body(arguments, self)
        case .fetching(let body):
            let call = GraphCall(
                arguments: arguments, first: expression.arguments.first, variables: variables, context: self)
            return .list(try await body(call))
        }
    }

    /// The path with its variables filled in, or the value of the one that it is.
    private static func substitute(_ path: String, _ variables: GraphVariables) -> (String, GraphScalar?) {
        guard !variables.isEmpty, path.utf8.contains(UInt8(ascii: "$")) else { return (path, nil) }
        if path.hasPrefix("$"), let value = variables[String(path.dropFirst())] {
            guard case .string(let text) = value else { return (path, value) }
            let isNumeric = text.utf8.enumerated().allSatisfy { index, byte in
                byte == UInt8(ascii: ".") || (byte >= 0x30 && byte <= 0x39) || (index == 0 && byte == UInt8(ascii: "-"))
            }
            if isNumeric, let number = Double(text) { return (path, .number(number)) }
            return (path, value)
        }
        var result = path
        // The longest name first, so that `$ab` is not taken for `$a`.
        for (name, value) in variables.sorted(by: { ($1.key.count, $0.key) < ($0.key.count, $1.key) }) {
            result = replace("$" + name, by: value.text, in: result)
        }
        return (result, nil)
    }

    private static func replace(_ part: String, by other: String, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: part) {
            result += rest[..<range.lowerBound]
            result += other
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}

/// A call of a function that fetches anew.
struct GraphCall {
    var arguments: GraphArguments
    /// What the first argument was evaluated from.
    var first: GraphExpression?
    var variables: GraphVariables
    var context: GraphContext

    /// The first argument's series at other times.
    func again(start: Int64, end: Int64) async throws(TelemetryProblem) -> [GraphSeries] {
        try await again(in: context.moved(start: start, end: end))
    }

    func again(in context: GraphContext) async throws(TelemetryProblem) -> [GraphSeries] {
        guard let first else { return [] }
        return try await context.evaluate(first, variables).series
    }

    /// The series of a target that a function makes up.
    func series(of target: String) async throws(TelemetryProblem) -> [GraphSeries] {
        let expression = try ExpressionParser.parse(target)
        return try await context.moved(start: context.start, end: context.end).evaluate(expression, variables).series
    }
}
