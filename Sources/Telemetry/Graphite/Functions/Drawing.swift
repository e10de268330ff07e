/// How series are drawn.
extension GraphFunctions {
    static let drawing: [GraphFunction] = [
        styling("alpha", "Draws with this opacity.", [.required("alpha", .float)]) {
            $0.style.alpha = $1.number("alpha")
        },
        styling("color", "Draws in this colour.", [.required("theColor", .string)]) {
            $0.style.color = $1.text("theColor")
        },
        styling("lineWidth", "Draws lines of this width.", [.required("width", .float)]) {
            $0.style.lineWidth = $1.number("width")
        },
        styling("dashed", "Draws a dashed line.", [.optional("dashLength", .integer, .integer(5))]) {
            let length = $1.integer("dashLength")
            $0.tags["dashed"] = String(length)
            $0.name = "dashed(\($0.name), \(PythonNumber.general(Double(length))))"
            $0.style.dashed = Double(length)
        },
        styling("drawAsInfinite", "Draws a vertical line where a value is not zero.", []) { series, _ in
            series.style.isDrawnAsInfinite = true
            series.tags["drawAsInfinite"] = "1"
            series.name = "drawAsInfinite(\(series.name))"
        },
        styling("secondYAxis", "Draws at the axis on the right.", []) { series, _ in
            series.style.isOnSecondAxis = true
            series.tags["secondYAxis"] = "1"
            series.name = "secondYAxis(\(series.name))"
        },
        GraphFunction(
            "stacked", "Graph", "Draws each series on top of those before.",
            [.list, .optional("stack", .string)],
            .series { (arguments, context) throws(TelemetryProblem) in stacked(arguments, context) }),
        GraphFunction(
            "areaBetween", "Graph", "Draws the area between two series.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                guard arguments.list.count == 2 else {
                    throw arguments.refusal("there are \(arguments.list.count) series, and an area is between 2")
                }
                return Self.area(arguments.list[0], arguments.list[1], "areaBetween")
            }),
        GraphFunction(
            "threshold", "Graph", "A line at one value.",
            [.required("value", .float), .optional("label", .string), .optional("color", .string)],
            .series { (arguments, context) throws(TelemetryProblem) in
                var line = constantLine(.number(arguments.number("value")), context)
                if let label = arguments.optionalText("label"), !label.isEmpty { line.name = label }
                line.style.color = arguments.optionalText("color")
                return [line]
            }),
        GraphFunction(
            "verticalLine", "Graph", "A vertical line at one time.",
            [.required("ts", .date), .optional("label", .string), .optional("color", .string)],
            .series { (arguments, context) throws(TelemetryProblem) in try verticalLine(arguments, context) }),
    ]

    private static func styling(
        _ name: String, _ summary: String, _ parameters: [GraphParameter],
        _ change: @escaping @Sendable (inout GraphSeries, GraphArguments) -> Void
    ) -> GraphFunction {
        GraphFunction(
            name, "Graph", summary, [.list] + parameters,
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.map { series in
                    var series = series
                    change(&series, arguments)
                    return series
                }
            })
    }

    private static func stacked(_ arguments: GraphArguments, _ context: GraphContext) -> [GraphSeries] {
        let unnamed = "__DEFAULT__"
        let stack = arguments.optionalText("stack") ?? unnamed
        var sums = context.stacks[stack] ?? []
        let result = arguments.list.map { series in
            if sums.count < series.values.count {
                sums += Array(repeating: 0, count: series.values.count - sums.count)
            }
            let values = series.values.enumerated().map { index, value in
                if value.isNaN { return Double.nan }
                sums[index] += value
                return sums[index]
            }
            var result = made(
                of: series, stack == unnamed ? "stacked(\(series.name))" : series.name, values,
                tag: stack == unnamed ? ("stacked", stack) : nil)
            result.style.isStacked = true
            return result
        }
        context.stacks[stack] = sums
        return result
    }

    private static func verticalLine(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let time = try TimeExpression.time(arguments.text("ts"), now: context.now, zone: context.zone)
        guard time >= context.start, time <= context.end else {
            throw arguments.refusal("`ts` is \(time), which is not between \(context.start) and \(context.end)")
        }
        var line = GraphSeries(
            name: arguments.optionalText("label") ?? "", start: time, end: time, step: 1, values: [1, 1],
            xFilesFactor: context.xFilesFactor)
        line.style.isDrawnAsInfinite = true
        line.style.color = arguments.optionalText("color")
        return [line]
    }
}
