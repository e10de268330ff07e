import Glibc

/// Series out of nothing, and settings.
extension GraphFunctions {
    static let making: [GraphFunction] = [
        GraphFunction(
            "constantLine", "Special", "A line at one value.", [.required("value", .float)],
            .series { (arguments, context) throws(TelemetryProblem) in
                [constantLine(.number(arguments.number("value")), context)]
            }),
        GraphFunction(
            "identity", "Calculate", "The time itself, every minute.", [.required("name", .string)],
            .series { (arguments, context) throws(TelemetryProblem) in
                let name = arguments.text("name")
                var series = try timed(name, 60, context) { $0 }
                series.pathExpression = "identity(\"\(name)\")"
                return [series]
            }),
        timing("time", "Transform", "The time itself."), timing("timeFunction", "Transform", "The time itself."),
        sine("sin"), sine("sinFunction"), randomWalk("randomWalk"), randomWalk("randomWalkFunction"),
        GraphFunction(
            "events", "Special", "How many events with these tags there were each second; `*` is all.",
            [.required("tags", .string, multiple: true)],
            .series { (arguments, context) throws(TelemetryProblem) in try events(arguments, context) }),
        GraphFunction(
            "seriesByTag", "Special", "The series whose tags fulfil all conditions.",
            [.required("tagExpressions", .string, multiple: true)],
            .series { (_, _) throws(TelemetryProblem) in [] }),
        GraphFunction(
            "consolidateBy", "Special", "How points are made fewer.",
            [
                .list,
                .required(
                    "consolidationFunc", .string,
                    options: ["average", "avg", "avg_zero", "first", "last", "max", "min", "sum"]),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in
                consolidated(arguments.list, by: arguments.text("consolidationFunc"))
            }),
        GraphFunction(
            "cumulative", "Special", "Makes points fewer by adding them.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in consolidated(arguments.list, by: "sum") }),
        setFactor("setXFilesFactor"), setFactor("xFilesFactor"),
    ]

    /// A line of one value over the whole time.
    static func constantLine(_ value: GraphScalar, _ context: GraphContext) -> GraphSeries {
        let number = value.number ?? .nan
        return GraphSeries(
            name: value.text, start: context.start, end: context.end, step: max(1, (context.end - context.start) / 2),
            values: [number, number, number], xFilesFactor: context.xFilesFactor,
            pathExpression: "constantLine(\(value.text))")
    }

    private static func timed(
        _ name: String, _ step: Int64, _ context: GraphContext, _ value: (Double) -> Double
    ) throws(TelemetryProblem) -> GraphSeries {
        try context.session.make(values: (context.end - context.start) / step + 1)
        let times = stride(from: context.start, to: context.end, by: Int64.Stride(step))
        return GraphSeries(
            name: name, start: context.start, end: context.end, step: step, values: times.map { value(Double($0)) },
            xFilesFactor: context.xFilesFactor)
    }

    private static func step(_ arguments: GraphArguments) throws(TelemetryProblem) -> Int64 {
        let step = arguments.integer("step")
        guard step > 0 else { throw arguments.refusal("`step` must be more than 0") }
        return Int64(step)
    }

    private static let stepParameter = GraphParameter.optional("step", .integer, .integer(60))

    private static func timing(_ name: String, _ group: String, _ summary: String) -> GraphFunction {
        GraphFunction(
            name, group, summary, [.required("name", .string), stepParameter],
            .series { (arguments, context) throws(TelemetryProblem) in
                [try timed(arguments.text("name"), try step(arguments), context) { $0 }]
            })
    }

    private static func sine(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Transform", "The sine of the time in seconds.",
            [.required("name", .string), .optional("amplitude", .integer, .integer(1)), stepParameter],
            .series { (arguments, context) throws(TelemetryProblem) in
                let amplitude = Double(arguments.integer("amplitude"))
                return [try timed(arguments.text("name"), try step(arguments), context) { Glibc.sin($0) * amplitude }]
            })
    }

    /// The walk of a name from a time on is always the same, so that pictures of it can be compared.
    private static func randomWalk(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Special", "A line that goes up and down by chance.", [.required("name", .string), stepParameter],
            .series { (arguments, context) throws(TelemetryProblem) in
                let name = arguments.text("name")
                var state = name.utf8.reduce(UInt64(bitPattern: context.start)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
                var value = 0.0
                return [
                    try timed(name, try step(arguments), context) { _ in
                        defer {
                            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                            value += Double(state >> 11) / Double(UInt64(1) << 53) - 0.5
                        }
                        return value
                    }
                ]
            })
    }

    private static func events(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let tags = arguments.scalars("tags").map(\.text)
        try context.session.make(values: context.end - context.start)
        var values = [Double](repeating: .nan, count: Int(context.end - context.start))
        for event in context.session.events {
            let index = event.time - context.start
            guard index >= 0, index < values.count, tags == ["*"] || tags.allSatisfy(event.tags.contains) else {
                continue
            }
            values[Int(index)] = values[Int(index)].isNaN ? 1 : values[Int(index)] + 1
        }
        var series = GraphSeries(
            name: "events(\(tags.map { "\"\($0)\"" }.joined(separator: ", ")))", start: context.start,
            end: context.end, step: 1, values: values, xFilesFactor: context.xFilesFactor)
        series.consolidation = .sum
        return [series]
    }

    private static func consolidated(_ list: [GraphSeries], by name: String) -> [GraphSeries] {
        list.map { series in
            var series = series
            series.consolidation = GraphConsolidation(graphiteName: name) ?? .average
            series.tags["consolidateBy"] = name
            series.name = "consolidateBy(\(series.name),\"\(name)\")"
            series.pathExpression = series.name
            return series
        }
    }

    private static func setFactor(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Special", "The share of values that must be there, here and in what follows.",
            [.list, .required("xFilesFactor", .float)],
            .series { (arguments, context) throws(TelemetryProblem) in
                let factor = arguments.number("xFilesFactor")
                context.xFilesFactor = factor
                return arguments.list.map { series in
                    var series = series
                    series.xFilesFactor = factor
                    series.tags["xFilesFactor"] = PythonNumber.text(factor)
                    return series
                }
            })
    }
}
