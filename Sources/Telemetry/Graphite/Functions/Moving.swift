/// Windows that move along time.
extension GraphFunctions {
    static let windowSuggestions: [GraphScalar] =
        [.integer(5), .integer(7), .integer(10)] + ["1min", "5min", "10min", "30min", "1hour"].map { .string($0) }

    private static let windowSize = GraphParameter.required(
        "windowSize", .intOrInterval, suggestions: windowSuggestions)

    static let moving: [GraphFunction] = [
        movingFunction("movingAverage", "average", "The average of the values before."),
        movingFunction("movingMedian", "median", "The median of the values before."),
        movingFunction("movingSum", "sum", "The sum of the values before."),
        movingFunction("movingMin", "min", "The least of the values before."),
        movingFunction("movingMax", "max", "The greatest of the values before."),
        GraphFunction(
            "movingWindow", "Calculate", "An aggregation of the values before.",
            [
                .list, windowSize, .optional("func", .aggFunc, .string("average")), .optional("xFilesFactor", .float),
            ],
            .fetching { (call) async throws(TelemetryProblem) in
                try await movingWindow(call, call.arguments.text("func"))
            }),
        GraphFunction(
            "exponentialMovingAverage", "Calculate", "An average in which older values count less and less.",
            [.list, windowSize],
            .fetching { (call) async throws(TelemetryProblem) in try await exponentialMovingAverage(call) }),
        GraphFunction(
            "stdev", "Calculate", "The standard deviation over the last values.",
            [
                .list, .required("points", .integer), .optional("windowTolerance", .float, .number(0.1)),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in try deviations(arguments) }),
    ]

    private static func movingFunction(_ name: String, _ aggregation: String, _ summary: String) -> GraphFunction {
        GraphFunction(
            name, "Calculate", summary, [.list, windowSize, .optional("xFilesFactor", .float)],
            .fetching { (call) async throws(TelemetryProblem) in try await movingWindow(call, aggregation) })
    }

    /// A window as the user gave it: a number of points or an interval.
    private struct Window {
        var seconds: Int64
        var points: Int?
        /// As names show it.
        var quoted: String
        var text: String

        init(_ arguments: GraphArguments) throws(TelemetryProblem) {
            text = arguments.text("windowSize")
            points = arguments.optionalInteger("windowSize")
            if let points {
                let step = arguments.list.reduce(1) { max($0, $1.step) }
                seconds = step * Int64(points)
                quoted = text
            } else {
                seconds = Int64(try arguments.interval("windowSize").magnitude)
                quoted = "\"\(text)\""
            }
        }

        func count(step: Int64) -> Int { points ?? Int(seconds / step) }
    }

    private static func movingWindow(
        _ call: GraphCall, _ function: String
    ) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        guard !arguments.list.isEmpty, let aggregation = Aggregation.named(function) else { return [] }
        let window = try Window(arguments)
        let name = "moving" + function.prefix(1).uppercased() + function.dropFirst().lowercased()
        let earlier = try await call.again(start: call.context.start - window.seconds, end: call.context.end)
        return earlier.map { series in
            let factor = arguments.optionalNumber("xFilesFactor") ?? series.xFilesFactor
            let values = MovingWindow.values(
                of: series.values, aggregation, count: window.count(step: series.step), xFilesFactor: factor)
            return made(
                of: series, "\(name)(\(series.name),\(window.quoted))", start: series.start + window.seconds, values,
                tag: (name, window.text))
        }
    }

    private static func exponentialMovingAverage(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        guard !call.arguments.list.isEmpty else { return [] }
        let window = try Window(call.arguments)
        let constant = 2 / (Double(window.points.map { Int64($0) } ?? window.seconds) + 1)
        let earlier = try await call.again(start: call.context.start - window.seconds, end: call.context.end)
        return earlier.map { series in
            let count = min(window.count(step: series.step), series.values.count)
            let first = Aggregation.average.one(of: series.values[..<count])
            var average = first.isNaN ? 0 : first
            var values = [PythonNumber.round(average, 6)]
            for value in series.values[count...] {
                if !value.isNaN { average = constant * value + (1 - constant) * average }
                values.append(value.isNaN ? .nan : PythonNumber.round(average, 6))
            }
            return made(
                of: series, "exponentialMovingAverage(\(series.name),\(window.quoted))",
                start: series.start + window.seconds, values, tag: ("exponentialMovingAverage", window.text))
        }
    }

    private static func deviations(_ arguments: GraphArguments) throws(TelemetryProblem) -> [GraphSeries] {
        let points = arguments.integer("points")
        let tolerance = arguments.number("windowTolerance")
        guard points > 0 else { throw arguments.refusal("`points` must be more than 0") }
        return arguments.list.map { series in
            var present = 0
            var sum = 0.0
            var squares = 0.0
            let values = series.values.indices.map { index -> Double in
                let dropped = index < points ? .nan : series.values[index - points]
                let value = series.values[index]
                if !dropped.isNaN {
                    present -= 1
                    sum -= dropped
                    squares -= dropped * dropped
                }
                if !value.isNaN {
                    present += 1
                    sum += value
                    squares += value * value
                }
                guard present > 0, Double(present) / Double(points) >= tolerance else { return .nan }
                return (Double(present) * squares - sum * sum).squareRoot() / Double(present)
            }
            return made(of: series, "stdev(\(series.name),\(points))", values, tag: ("stdev", String(points)))
        }
    }
}
