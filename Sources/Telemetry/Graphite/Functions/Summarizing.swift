/// Values put together by intervals.
extension GraphFunctions {
    private static let intervals: [GraphScalar] = [.string("10min"), .string("1h"), .string("1d")]

    static let summarizing: [GraphFunction] = [
        GraphFunction(
            "summarize", "Transform", "One value per interval.",
            [
                .list, .required("intervalString", .interval, suggestions: intervals),
                .optional("func", .aggFunc, .string("sum")), .optional("alignToFrom", .boolean, .boolean(false)),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in try summarize(arguments, context) }),
        GraphFunction(
            "smartSummarize", "Transform", "One value per interval, which may begin with the day or the like.",
            [
                .list, .required("intervalString", .interval, suggestions: intervals),
                .optional("func", .aggFunc, .string("sum")), .optional("alignTo", .string),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await smartSummarize(call) }),
        GraphFunction(
            "hitcount", "Transform", "Values per second as how many they are in an interval.",
            [
                .list, .required("intervalString", .interval, suggestions: intervals),
                .optional("alignToInterval", .boolean, .boolean(false)),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await hitcount(call) }),
    ]

    private static func summarize(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let interval = try arguments.positiveInterval("intervalString")
        let text = arguments.text("intervalString")
        let function = arguments.text("func")
        let alignsToFrom = arguments.boolean("alignToFrom")
        guard let aggregation = Aggregation.named(function) else { return [] }
        var result: [GraphSeries] = []
        for series in arguments.list {
            let start = alignsToFrom ? series.start : series.start - series.start % interval
            let end = alignsToFrom ? series.end : series.end - series.end % interval + interval
            let summary = try Summary(of: series, aggregation, interval, start, end, context)
            let name = "summarize(\(series.name), \"\(text)\", \"\(function)\"\(alignsToFrom ? ", true" : ""))"
            var one = made(
                of: series, name, start: start, end: alignsToFrom ? summary.end : end, step: interval, summary.values,
                tag: ("summarize", text))
            one.tags["summarizeFunction"] = function
            result.append(one)
        }
        return result
    }

    private static func smartSummarize(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        let interval = try arguments.positiveInterval("intervalString")
        let text = arguments.text("intervalString")
        let function = arguments.text("func")
        guard let aggregation = Aggregation.named(function) else { return [] }
        var list = arguments.list
        if let align = arguments.optionalText("alignTo"), align != "True", align != "False" {
            let start = try aligned(call.context, align, arguments)
            list = try await call.again(start: start, end: call.context.end)
        }
        var result: [GraphSeries] = []
        for series in list {
            let summary = try Summary(of: series, aggregation, interval, series.start, series.end, call.context)
            var one = made(
                of: series, "smartSummarize(\(series.name), \"\(text)\", \"\(function)\")", end: summary.end,
                step: interval, summary.values, tag: ("smartSummarize", text))
            one.tags["smartSummarizeFunction"] = function
            result.append(one)
        }
        return result
    }

    /// The beginning of the unit in which the query begins. `weeks3` begins on Wednesday.
    private static func aligned(
        _ context: GraphContext, _ text: String, _ arguments: GraphArguments
    ) throws(TelemetryProblem) -> Int64 {
        guard let unit = TimeExpression.Unit(name: text) else {
            throw arguments.refusal("`alignTo` is `\(text)`, which is no unit of time")
        }
        var begin = TimeExpression.beginning(of: unit, context.zone.local(context.start))
        if unit == .week, let weekday = text.last?.wholeNumberValue {
            begin = begin.adding(days: Int64(weekday) - 1)
            if context.zone.time(begin) > context.start { begin = begin.adding(days: -7) }
        }
        return context.zone.time(begin)
    }

    private static func hitcount(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        let interval = try arguments.positiveInterval("intervalString")
        let aligns = arguments.boolean("alignToInterval")
        var list = arguments.list
        if aligns {
            let unit: TimeExpression.Unit =
                interval >= 86400 ? .day : interval >= 3600 ? .hour : interval >= 60 ? .minute : .second
            let begin = TimeExpression.beginning(of: unit, call.context.zone.local(call.context.start))
            list = try await call.again(start: call.context.zone.time(begin), end: call.context.end)
            for index in list.indices {
                let count = (list[index].end - list[index].start) / interval
                list[index].end = list[index].start + count * interval + interval
            }
        }
        let text = arguments.text("intervalString")
        var result: [GraphSeries] = []
        for series in list {
            let count = max(0, (series.end - series.start + interval - 1) / interval)
            try call.context.session.make(values: count)
            let start = series.end - count * interval
            result.append(
                made(
                    of: series, "hitcount(\(series.name), \"\(text)\"\(aligns ? ", true" : ""))", start: start,
                    step: interval, hits(of: series, start, interval, Int(count)), tag: ("hitcount", text)))
        }
        return result
    }

    /// Each value counts for its step; a step over several buckets counts in each for its part.
    private static func hits(of series: GraphSeries, _ start: Int64, _ interval: Int64, _ count: Int) -> [Double] {
        var buckets = [Double](repeating: .nan, count: count)
        func add(_ value: Double, to bucket: Int64) {
            if bucket < 0 || bucket >= Int64(count) { return }
            let old = buckets[Int(bucket)]
            buckets[Int(bucket)] = old.isNaN ? value : old + value
        }
        for (index, value) in series.values.enumerated() where !value.isNaN {
            let begin = series.start + Int64(index) * series.step - start
            let first = PythonMath.floorQuotient(begin, interval)
            let firstRest = begin - first * interval
            var last = PythonMath.floorQuotient(begin + series.step, interval)
            var lastRest = begin + series.step - last * interval
            if last >= Int64(count) { (last, lastRest) = (Int64(count) - 1, interval) }
            if first == last {
                add(value * Double(lastRest - firstRest), to: first)
                continue
            }
            add(value * Double(interval - firstRest), to: first)
            if first + 1 < last { for bucket in (first + 1)..<last { add(value * Double(interval), to: bucket) } }
            if lastRest > 0 { add(value * Double(lastRest), to: last) }
        }
        return buckets
    }
}

/// The values of a series put together by intervals.
struct Summary {
    var values: [Double] = []
    /// Where the last interval ends.
    var end: Int64

    /// Source: graphite-web 1.1.10, render/functions.py. An interval gives nothing if it has fewer values
    /// than the series' factor demands of its steps.
    init(
        of series: GraphSeries, _ aggregation: Aggregation, _ interval: Int64, _ start: Int64, _ end: Int64,
        _ context: GraphContext
    ) throws(TelemetryProblem) {
        try context.session.make(values: max(0, (end - start) / interval + 1))
        let points = Double(interval) / Double(series.step)
        let fitting = max(0, (series.end - series.start + series.step - 1) / series.step)
        let count = min(Int(fitting), series.values.count)
        var at = 0
        var time = start
        while time < end {
            var first = at
            var present = 0
            while at < count {
                let pointTime = series.start + Int64(at) * series.step
                if pointTime >= time + interval { break }
                if pointTime <= time { first = at }
                if pointTime >= time, !series.values[at].isNaN { present += 1 }
                at += 1
            }
            let isEnough = present > 0 && Double(present) / points >= series.xFilesFactor
            values.append(isEnough ? aggregation.one(of: series.values[first..<at]) : .nan)
            time += interval
        }
        self.end = time
    }
}
