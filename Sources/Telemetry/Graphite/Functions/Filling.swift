/// Where there is no value.
extension GraphFunctions {
    static let spacing: [GraphFunction] = [
        GraphFunction(
            "keepLastValue", "Transform", "Gaps get the value before them.",
            [.list, .optional("limit", .intOrInf, .number(.infinity))],
            .series { (arguments, _) throws(TelemetryProblem) in
                let limit = arguments.number("limit")
                return changed(arguments.list, name: { "keepLastValue(\($0))" }) { values, _ in
                    eachGap(of: &values, limit) { values, gap in
                        if gap.lowerBound == 0 { return }
                        for index in gap { values[index] = values[gap.lowerBound - 1] }
                    }
                }
            }),
        GraphFunction(
            "interpolate", "Transform", "Gaps get a straight line between the values around them.",
            [.list, .optional("limit", .intOrInf, .number(.infinity))],
            .series { (arguments, _) throws(TelemetryProblem) in
                let limit = arguments.number("limit")
                return changed(arguments.list, name: { "interpolate(\($0))" }) { values, _ in
                    eachGap(of: &values, limit) { values, gap in
                        if gap.lowerBound == 0 || gap.upperBound == values.count { return }
                        let before = values[gap.lowerBound - 1]
                        let after = values[gap.upperBound]
                        for index in gap {
                            values[index] =
                                before + Double(index - gap.lowerBound + 1) * (after - before) / Double(gap.count + 1)
                        }
                    }
                }
            }),
        GraphFunction(
            "transformNull", "Transform", "Gaps get a value; with a reference, only where that has one.",
            [
                .list, .optional("default", .float, .number(0)), .optional("referenceSeries", .seriesList),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in transformedNulls(arguments) }),
        GraphFunction(
            "isNonNull", "Transform", "1 where there is a value, else 0.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                mapped(arguments.list, tag: ("isNonNull", "1"), name: { "isNonNull(\($0))" }) { $0.isNaN ? 0 : 1 }
            }),
        GraphFunction(
            "compressPeriodicGaps", "Transform", "A coarser step where values come only every so many steps.", [.list],
            .series { (arguments, context) throws(TelemetryProblem) in
                var result: [GraphSeries] = []
                for series in arguments.list {
                    var named = series
                    named.name = "compressPeriodicGaps(\(series.name))"
                    named.pathExpression = named.name
                    result.append(try compressed(named, context))
                }
                return result
            }),
    ]

    /// Calls for every run of missing values that is no longer than the limit.
    private static func eachGap(
        of values: inout [Double], _ limit: Double, _ fill: (inout [Double], Range<Int>) -> Void
    ) {
        var at = 0
        while at < values.count {
            var end = at
            while end < values.count, values[end].isNaN { end += 1 }
            if end > at, Double(end - at) <= limit { fill(&values, at..<end) }
            at = end + 1
        }
    }

    private static func transformedNulls(_ arguments: GraphArguments) -> [GraphSeries] {
        let value = arguments.number("default")
        let text = PythonNumber.general(value)
        let given: GraphScalar = arguments.value("default") == nil ? .integer(0) : .number(value)
        let reference = arguments.list("referenceSeries")
        var isThere: [Bool] = []
        for one in reference {
            if one.values.count > isThere.count {
                isThere += Array(repeating: false, count: one.values.count - isThere.count)
            }
            for (index, value) in one.values.enumerated() where !value.isNaN { isThere[index] = true }
        }
        return changed(
            arguments.list, tag: ("transformNull", given.text),
            name: {
                reference.isEmpty ? "transformNull(\($0),\(text))" : "transformNull(\($0),\(text),referenceSeries)"
            }
        ) { values, _ in
            for index in values.indices where values[index].isNaN {
                if reference.isEmpty || index < isThere.count && isThere[index] { values[index] = value }
            }
        }.map { series in
            var series = series
            if !reference.isEmpty { series.tags["referenceSeries"] = "1" }
            return series
        }
    }

    /// The first three values tell the distance, if they are as far from each other and alone.
    private static func compressed(
        _ series: GraphSeries, _ context: GraphContext
    ) throws(TelemetryProblem) -> GraphSeries {
        var first = 0
        var second = 0
        for (index, value) in series.values.enumerated() where !value.isNaN && value != 0 {
            if first > 0 {
                second = index
                break
            }
            first = index
        }
        let distance = second - first
        let third = second + distance
        guard distance > 1, third <= series.values.count - 2, !series.values[third].isNaN, series.values[third] != 0,
            series.values[third - 1].isNaN, series.values[third + 1].isNaN
        else { return series }
        let interval = Int64(distance) * series.step
        let start = series.start + Int64(first) * series.step
        let summary = try Summary(of: series, .last, interval, start, series.end, context)
        var result = series
        result.start = start
        result.step = interval
        result.end = start + interval * Int64(summary.values.count - 1)
        result.values = summary.values
        result.style = GraphStyle()
        return result
    }
}
