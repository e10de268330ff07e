/// Series at other times.
extension GraphFunctions {
    private static let shifts: [GraphScalar] = ["1h", "6h", "12h", "1d", "2d", "7d", "14d", "30d"].map { .string($0) }

    static let shifting: [GraphFunction] = [
        GraphFunction(
            "timeShift", "Transform", "The same series of another time, drawn at this one.",
            [
                .list, .required("timeShift", .interval, suggestions: shifts),
                .optional("resetEnd", .boolean, .boolean(true)), .optional("alignDst", .boolean, .boolean(false)),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await timeShift(call) }),
        GraphFunction(
            "timeStack", "Transform", "The same series of several other times, drawn at this one.",
            [
                .list, .optional("timeShiftUnit", .interval, .string("1d"), suggestions: shifts),
                .optional("timeShiftStart", .integer, .integer(0)), .optional("timeShiftEnd", .integer, .integer(7)),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await timeStack(call) }),
        GraphFunction(
            "timeSlice", "Transform", "Nothing outside of a time.",
            [.list, .required("startSliceAt", .date), .optional("endSliceAt", .date, .string("now"))],
            .series { (arguments, context) throws(TelemetryProblem) in try timeSlice(arguments, context) }),
    ]

    /// An interval without a sign is back in time.
    private static func shift(_ text: String) throws(TelemetryProblem) -> (text: String, seconds: Int64) {
        let isPlain = text.utf8.first.map { $0 >= 0x30 && $0 <= 0x39 } ?? false
        let signed = isPlain ? "-" + text : text
        return (signed, try TimeExpression.offset(signed))
    }

    private static func timeShift(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        let context = call.context
        guard let first = arguments.list.first else { return [] }
        var (text, seconds) = try shift(arguments.text("timeShift"))
        if arguments.boolean("alignDst") {
            let here = [context.start, context.end].map(context.zone.isDaylightSaving)
            let there = [context.start, context.end].map { context.zone.isDaylightSaving($0 + seconds) }
            if here[0] == here[1], there[0] == there[1], here[0] != there[0] { seconds += here[0] ? 3600 : -3600 }
        }
        let resetsEnd = arguments.boolean("resetEnd")
        return try await call.again(start: context.start + seconds, end: context.end + seconds).map { series in
            var series = series
            series.tags["timeShift"] = text
            series.name = "timeShift(\(series.name), \"\(text)\")"
            series.end = resetsEnd ? first.end : series.end - series.start + first.start
            series.start = first.start
            return series
        }
    }

    private static func timeStack(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        let context = call.context
        guard let first = arguments.list.first else { return [] }
        let (text, seconds) = try shift(arguments.text("timeShiftUnit"))
        let from = arguments.integer("timeShiftStart")
        let to = arguments.integer("timeShiftEnd")
        guard from.magnitude <= 10_000, to.magnitude <= 10_000 else {
            throw arguments.refusal("the numbers of shifts must be between -10000 and 10000")
        }
        var result: [GraphSeries] = []
        for index in from..<max(from, to) {
            let (delta, isOver) = seconds.multipliedReportingOverflow(by: Int64(index))
            guard !isOver, delta.magnitude < 1 << 37 else { throw arguments.refusal("the shifts go too far") }
            for var series in try await call.again(start: context.start + delta, end: context.end + delta) {
                series.tags["timeShiftUnit"] = text
                series.tags["timeShift"] = String(index)
                series.name = "timeShift(\(series.name), \(text), \(index))"
                series.pathExpression = series.name
                series.start = first.start
                series.end = first.end
                result.append(series)
            }
        }
        return result
    }

    private static func timeSlice(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let start = try TimeExpression.time(arguments.text("startSliceAt"), now: context.now, zone: context.zone)
        let end = try TimeExpression.time(arguments.text("endSliceAt"), now: context.now, zone: context.zone)
        return arguments.list.map { series in
            var series = series
            series.tags["timeSliceStart"] = String(start)
            series.tags["timeSliceEnd"] = String(end)
            series.name = "timeSlice(\(series.name), \(start), \(end))"
            var time = context.start
            for index in series.values.indices {
                if time < start || time > end { series.values[index] = .nan }
                time += series.step
            }
            return series
        }
    }
}
