/// Lines that say something about a whole series.
extension GraphFunctions {
    static let calculating: [GraphFunction] = [
        GraphFunction(
            "nPercentile", "Calculate", "A line at a percentile of each series.", [.list, .required("n", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let percent = arguments.number("n")
                guard percent > 0 else { throw arguments.refusal("`n` must be more than 0") }
                return arguments.list.compactMap { series in
                    let value = Percentile.of(series.values, percent)
                    if value.isNaN { return nil }
                    let count = max(0, Int((series.end - series.start) / series.step))
                    return made(
                        of: series, "nPercentile(\(series.name), \(PythonNumber.general(percent)))",
                        Array(repeating: value, count: count), tag: ("nPercentile", PythonNumber.text(percent)))
                }
            }),
        GraphFunction(
            "aggregateLine", "Calculate", "A line at an aggregation of each series.",
            [
                .list, .optional("func", .aggFunc, .string("average")),
                .optional("keepStep", .boolean, .boolean(false)),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in
                arguments.list.map { aggregateLine($0, arguments, context) }
            }),
        GraphFunction(
            "linearRegression", "Calculate", "The straight line that fits a series best, of this or another time.",
            [.list, .optional("startSourceAt", .date), .optional("endSourceAt", .date)],
            .fetching { (call) async throws(TelemetryProblem) in try await linearRegression(call) }),
    ]

    private static func aggregateLine(
        _ series: GraphSeries, _ arguments: GraphArguments, _ context: GraphContext
    ) -> GraphSeries {
        let aggregation = Aggregation.named(arguments.text("func")) ?? .average
        let value = aggregation.one(of: series.values)
        let name = "aggregateLine(\(series.name), \(value.isNaN ? "None" : PythonNumber.general(value)))"
        if arguments.boolean("keepStep") {
            return made(of: series, name, Array(repeating: value, count: series.values.count))
        }
        let scalar: GraphScalar =
            value.isNaN ? .none : aggregation == .count ? .integer(Int(value)) : .number(value)
        var line = constantLine(scalar, context)
        line.name = name
        line.pathExpression = name
        return line
    }

    private static func linearRegression(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        let context = call.context
        var (start, end) = (context.start, context.end)
        if let text = arguments.optionalText("startSourceAt") {
            start = try TimeExpression.time(text, now: context.now, zone: context.zone)
        }
        if let text = arguments.optionalText("endSourceAt") {
            end = try TimeExpression.time(text, now: context.now, zone: context.zone)
        }
        let sources = try await call.again(start: start, end: end)
        return zip(sources, arguments.list).compactMap { source, series in
            guard let line = StraightLine(of: source) else { return nil }
            let values = series.values.indices.map { index in
                line.offset + Double(series.start + Int64(index) * series.step) * line.factor
            }
            var result = made(
                of: series, "linearRegression(\(series.name), \(start), \(end))", values,
                tag: ("linearRegressions", "\(start), \(end)"))
            result.consolidation = .average
            return result
        }
    }

    /// The line of least squares through a series: `offset + time * factor`.
    private struct StraightLine {
        var factor: Double
        var offset: Double

        init?(of series: GraphSeries) {
            var count = 0
            var sumIndex = 0
            var sumSquare = 0
            var sumValue = 0.0
            var sumProduct = 0.0
            for (index, value) in series.values.enumerated() where !value.isNaN {
                count += 1
                sumIndex += index
                sumSquare += index * index
                sumValue += value
                sumProduct += Double(index) * value
            }
            let (left, isOver) = count.multipliedReportingOverflow(by: sumSquare)
            let denominator = isOver ? 0 : Double(left - sumIndex * sumIndex)
            guard denominator != 0 else { return nil }
            factor =
                (Double(count) * sumProduct - Double(sumIndex) * sumValue) / denominator / Double(series.step)
            offset =
                (Double(sumSquare) * sumValue - sumProduct * Double(sumIndex)) / denominator
                - factor * Double(series.start)
        }
    }
}
