/// One series per rest of the path, when some nodes are left out.
extension GraphFunctions {
    static let wildcards: [GraphFunction] = [
        GraphFunction(
            "aggregateWithWildcards", "Combine", "One series per path without some nodes, by the named aggregation.",
            [.list, .required("func", .aggFunc), .optional("position", .node, multiple: true)],
            .series { (arguments, context) throws(TelemetryProblem) in
                try withoutNodes(arguments, arguments.text("func"), context)
            }),
        wildcard("sumSeriesWithWildcards", "sum", "The sum of the series per path without some nodes."),
        wildcard("averageSeriesWithWildcards", "average", "The average of the series per path without some nodes."),
        wildcard("multiplySeriesWithWildcards", "multiply", "The product of the series per path without some nodes."),
    ]

    private static func wildcard(_ name: String, _ aggregation: String, _ summary: String) -> GraphFunction {
        GraphFunction(
            name, "Combine", summary, [.list, .optional("position", .node, multiple: true)], isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in
                try withoutNodes(arguments, aggregation, context)
            })
    }

    private static func withoutNodes(
        _ arguments: GraphArguments, _ function: String, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let positions = Set(arguments.scalars("position").compactMap(\.number).map { Int($0) })
        let groups = Combining.group(arguments.list) { series in
            series.name.split(separator: ".", omittingEmptySubsequences: false).enumerated()
                .filter { !positions.contains($0.offset) }.map { String($0.element) }.joined(separator: ".")
        }
        var result: [GraphSeries] = []
        for group in groups {
            guard var series = try Combining.aggregate(group.series, function, context) else { continue }
            series.name = group.key
            result.append(series)
        }
        return result
    }
}
