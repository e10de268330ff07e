/// Series with series: quotients, and combinations of two lists.
extension GraphFunctions {
    static let pairing: [GraphFunction] = [
        GraphFunction(
            "divideSeries", "Combine", "Each series divided by one.",
            [.required("dividendSeriesList", .seriesList), .required("divisorSeries", .seriesList)],
            .series { (arguments, context) throws(TelemetryProblem) in try divide(arguments, context) }),
        GraphFunction(
            "divideSeriesLists", "Combine", "Each series of a list divided by that of another.",
            [.required("dividendSeriesList", .seriesList), .required("divisorSeriesList", .seriesList)],
            .series { (arguments, context) throws(TelemetryProblem) in
                var result: [GraphSeries] = []
                for (dividend, divisor) in try pairs(arguments, "dividendSeriesList", "divisorSeriesList") {
                    result.append(try quotient(dividend, divisor, context))
                }
                return result
            }),
        lists("sumSeriesLists", "sum", "Each series of a list plus that of another."),
        lists("diffSeriesLists", "diff", "Each series of a list less that of another."),
        lists("multiplySeriesLists", "multiply", "Each series of a list times that of another."),
        GraphFunction(
            "aggregateSeriesLists", "Combine", "Each series of a list with that of another, by the named aggregation.",
            [
                .required("seriesListFirstPos", .seriesList), .required("seriesListSecondPos", .seriesList),
                .required("func", .aggFunc), .optional("xFilesFactor", .float),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in
                try combined(arguments, arguments.text("func"), context, arguments.optionalNumber("xFilesFactor"))
            }),
        GraphFunction(
            "weightedAverage", "Combine", "The average of series with weights that have the same nodes.",
            [
                .required("seriesListAvg", .seriesList), .required("seriesListWeight", .seriesList),
                .optional("nodes", .nodeOrTag, multiple: true),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in try weightedAverage(arguments, context) }),
        asPercent("asPercent"), asPercent("pct"),
    ]

    private static func lists(_ name: String, _ aggregation: String, _ summary: String) -> GraphFunction {
        GraphFunction(
            name, "Combine", summary,
            [.required("seriesListFirstPos", .seriesList), .required("seriesListSecondPos", .seriesList)],
            isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in
                try combined(arguments, aggregation, context, nil)
            })
    }

    private static func asPercent(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Combine", "Each series as a share of all, of a total or of those with the same nodes.",
            [.list, .optional("total", .any), .optional("nodes", .nodeOrTag, multiple: true)], isAggregator: true,
            .series { (arguments, context) throws(TelemetryProblem) in
                try Percentage(arguments, context).series()
            })
    }

    /// Both lists side by side. They must be equally long.
    private static func pairs(
        _ arguments: GraphArguments, _ first: String, _ second: String
    ) throws(TelemetryProblem) -> [(GraphSeries, GraphSeries)] {
        let (left, right) = (arguments.list(first), arguments.list(second))
        guard left.count == right.count else {
            throw arguments.refusal("`\(first)` has \(left.count) series and `\(second)` \(right.count)")
        }
        return Array(zip(left, right))
    }

    private static func combined(
        _ arguments: GraphArguments, _ function: String, _ context: GraphContext, _ factor: Double?
    ) throws(TelemetryProblem) -> [GraphSeries] {
        var result: [GraphSeries] = []
        for (first, second) in try pairs(arguments, "seriesListFirstPos", "seriesListSecondPos") {
            guard var one = try Combining.aggregate([first, second], function, context, xFilesFactor: factor) else {
                continue
            }
            one.name = "\(one.name.prefix { $0 != "(" })(\(first.name),\(second.name))"
            result.append(one)
        }
        return result
    }

    private static func divide(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let divisors = arguments.list("divisorSeries")
        guard divisors.count <= 1 else {
            throw arguments.refusal("`divisorSeries` must be one series, and is \(divisors.count)")
        }
        guard let divisor = divisors.first else {
            return mapped(arguments.list, name: { "divideSeries(\($0),MISSING)" }) { _ in .nan }
        }
        var result: [GraphSeries] = []
        for dividend in arguments.list { result.append(try quotient(dividend, divisor, context)) }
        return result
    }

    private static func quotient(
        _ dividend: GraphSeries, _ divisor: GraphSeries, _ context: GraphContext
    ) throws(TelemetryProblem) -> GraphSeries {
        let values: [Double]
        let pair = try Combining.normalize([dividend, divisor])
        values = pair.map { zipped($0.series[0].values, $0.series[1].values, PythonMath.quotient) } ?? []
        return GraphSeries(
            name: "divideSeries(\(dividend.name),\(divisor.name))", start: pair?.start ?? 0, end: pair?.end ?? 0,
            step: pair?.step ?? 1, values: values, xFilesFactor: context.xFilesFactor)
    }

    /// As long as the longer, with nothing where the other ends.
    static func zipped(
        _ left: [Double], _ right: [Double], _ combine: (Double, Double) -> Double
    ) -> [Double] {
        (0..<max(left.count, right.count)).map { index in
            combine(index < left.count ? left[index] : .nan, index < right.count ? right[index] : .nan)
        }
    }

    private static func weightedAverage(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let nodes = arguments.scalars("nodes")
        var places: [String: Int] = [:]
        var groups: [(average: GraphSeries?, weight: GraphSeries?)] = []
        func place(_ series: GraphSeries) -> Int {
            let key = Combining.key(of: series, nodes)
            if let place = places[key] { return place }
            places[key] = groups.count
            groups.append((nil, nil))
            return groups.count - 1
        }
        let pairs = try pairs(arguments, "seriesListAvg", "seriesListWeight")
        for (average, weight) in pairs {
            groups[place(average)].average = average
            groups[place(weight)].weight = weight
        }
        var products: [GraphSeries] = []
        for case (let average?, let weight?) in groups {
            products.append(
                GraphSeries(
                    name: "product(\(weight.name),\(average.name))", start: average.start, end: average.end,
                    step: average.step, values: zipped(average.values, weight.values, *),
                    xFilesFactor: context.xFilesFactor))
        }
        guard let product = try Combining.aggregate(products, "sum", context),
            let weight = try Combining.aggregate(pairs.map(\.1), "sum", context)
        else { return [] }
        func paths(_ list: [GraphSeries]) -> String { Set(list.map(\.pathExpression)).sorted().joined(separator: ",") }
        let name =
            "weightedAverage(\(paths(pairs.map(\.0))), \(paths(pairs.map(\.1))), "
            + nodes.map(\.text).joined(separator: ",") + ")"
        return [
            GraphSeries(
                name: name, start: product.start, end: product.end, step: product.step,
                values: zipped(product.values, weight.values, PythonMath.quotient),
                xFilesFactor: context.xFilesFactor)
        ]
    }
}
