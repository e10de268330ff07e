/// One series of several.
extension GraphFunctions {
    static let combining: [GraphFunction] = [
        GraphFunction(
            "aggregate", "Combine", "One series of all, by the named aggregation.",
            [.list, .required("func", .aggFunc), .optional("xFilesFactor", .float)],
            .series { (arguments, context) throws(TelemetryProblem) in
                try single(
                    Combining.aggregate(
                        arguments.list, arguments.text("func"), context,
                        xFilesFactor: arguments.optionalNumber("xFilesFactor")))
            }),
        aggregating("sumSeries", "sum", "The sum of all series."),
        aggregating("sumSeries", "sum", "The sum of all series.").named("sum"),
        aggregating("averageSeries", "average", "The average of all series."),
        aggregating("averageSeries", "average", "The average of all series.").named("avg"),
        aggregating("minSeries", "min", "The least value of all series."),
        aggregating("maxSeries", "max", "The greatest value of all series."),
        aggregating("diffSeries", "diff", "The first series less all others."),
        aggregating("stddevSeries", "stddev", "The standard deviation over all series at each time."),
        aggregating("rangeOfSeries", "rangeOf", "The greatest less the least value of all series."),
        GraphFunction(
            "multiplySeries", "Combine", "The product of all series; nothing where one is missing.", [.listAndMore],
            isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in
                if arguments.lists.count == 1, arguments.lists[0].count == 1 { return arguments.lists[0] }
                return try single(Combining.aggregate(arguments.lists.flatMap { $0 }, "multiply", context))
            }),
        GraphFunction(
            "countSeries", "Combine", "How many series there are.",
            [.optional("seriesLists", .seriesList, multiple: true)], isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in try countSeries(arguments, context) }),
        GraphFunction(
            "percentileOfSeries", "Combine", "A percentile over all series at each time.",
            [.list, .required("n", .float), .optional("interpolate", .boolean, .boolean(false))],
            .series { (arguments, context) throws(TelemetryProblem) in try percentileOfSeries(arguments, context) }),
        GraphFunction(
            "powSeries", "Combine", "The first series to the power of the second, and so on.",
            [.required("seriesList", .seriesList, multiple: true)], isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in try powSeries(arguments, context) }),
        GraphFunction(
            "group", "Combine", "All series of several lists in one.",
            [.optional("seriesLists", .seriesList, multiple: true)],
            .series { (arguments, _) throws(TelemetryProblem) in arguments.lists.flatMap { $0 } }),
    ]

    static func single(_ series: GraphSeries?) -> [GraphSeries] { series.map { [$0] } ?? [] }

    private static func aggregating(_ name: String, _ aggregation: String, _ summary: String) -> GraphFunction {
        var function = GraphFunction(
            name, "Combine", summary, [.listAndMore], isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in
                try single(Combining.aggregate(arguments.lists.flatMap { $0 }, aggregation, context))
            })
        function.folded = aggregation == "stddev" ? nil : aggregation
        return function
    }

    private static func countSeries(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        if arguments.lists.isEmpty {
            var line = constantLine(.integer(0), context)
            line.pathExpression = "countSeries()"
            return [line]
        }
        guard let normalized = try Combining.normalize(arguments.lists.flatMap { $0 }) else { return [] }
        let length = normalized.series.reduce(0) { max($0, $1.values.count) }
        return [
            GraphSeries(
                name: "countSeries(\(Combining.paths(of: normalized.series)))", start: normalized.start,
                end: normalized.end, step: normalized.step,
                values: Array(repeating: Double(normalized.series.count), count: length),
                xFilesFactor: context.xFilesFactor)
        ]
    }

    private static func percentileOfSeries(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let percent = arguments.number("n")
        guard percent > 0 else { throw arguments.refusal("`n` must be more than 0") }
        guard let normalized = try Combining.normalize(arguments.list) else { return [] }
        let interpolates = arguments.boolean("interpolate")
        let length = normalized.series.reduce(0) { max($0, $1.values.count) }
        let values = Aggregation.eachRow(of: normalized.columns, length) {
            Percentile.of($0, percent, interpolates: interpolates)
        }
        let path = normalized.series[0].pathExpression
        return [
            GraphSeries(
                name: "percentileOfSeries(\(path),\(PythonNumber.general(percent)))", start: normalized.start,
                end: normalized.end, step: normalized.step, values: values, xFilesFactor: context.xFilesFactor)
        ]
    }

    private static func powSeries(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        guard let normalized = try Combining.normalize(arguments.lists.flatMap { $0 }) else { return [] }
        let length = normalized.series.reduce(0) { max($0, $1.values.count) }
        let values = Aggregation.eachRow(of: normalized.columns, length) { row in
            row.dropFirst().reduce(row.first ?? .nan, PythonMath.power)
        }
        return [
            GraphSeries(
                name: "powSeries(\(normalized.series.map(\.name).joined(separator: ",")))", start: normalized.start,
                end: normalized.end, step: normalized.step, values: values, xFilesFactor: context.xFilesFactor)
        ]
    }
}
