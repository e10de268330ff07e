/// Differences and sums along time.
extension GraphFunctions {
    static let counting: [GraphFunction] = [
        GraphFunction(
            "derivative", "Transform", "What each value has more than the one before it.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.map { series in
                    var previous = Double.nan
                    let values = series.values.map { value in
                        defer { previous = value }
                        return value - previous
                    }
                    return made(of: series, "derivative(\(series.name))", values, tag: ("derivative", "1"))
                }
            }),
        GraphFunction(
            "nonNegativeDerivative", "Transform", "How a counter grows; nothing where it begins anew.",
            [.list, .optional("maxValue", .float), .optional("minValue", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.map { series in
                    made(
                        of: series, "nonNegativeDerivative(\(series.name))", growth(series, arguments),
                        tag: ("nonNegativeDerivative", "1"))
                }
            }),
        GraphFunction(
            "perSecond", "Transform", "How a counter grows in a second; nothing where it begins anew.",
            [.list, .optional("maxValue", .float), .optional("minValue", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.map { series in
                    let step = Double(series.step)
                    let values = growth(series, arguments).map { PythonNumber.round($0 / step, 6) }
                    return made(of: series, "perSecond(\(series.name))", values, tag: ("perSecond", "1"))
                }
            }),
        GraphFunction(
            "integral", "Transform", "The sum of all values so far.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.map { series in
                    var sum = 0.0
                    let values = series.values.map { value in
                        if value.isNaN { return Double.nan }
                        sum += value
                        return sum
                    }
                    return made(of: series, "integral(\(series.name))", values, tag: ("integral", "1"))
                }
            }),
        GraphFunction(
            "integralByInterval", "Transform", "The sum of all values since the interval began.",
            [.list, .required("intervalUnit", .string)],
            .series { (arguments, context) throws(TelemetryProblem) in
                let interval = try arguments.interval("intervalUnit").magnitude
                guard interval > 0 else { throw arguments.refusal("`intervalUnit` must be more than nothing") }
                let unit = arguments.text("intervalUnit")
                return arguments.list.map { series in
                    made(
                        of: series, "integralByInterval(\(series.name),'\(unit)')",
                        sums(series, every: Int64(interval), since: context.start), tag: ("integralByInterval", unit))
                }
            }),
        GraphFunction(
            "changed", "Special", "1 where a value differs from the last one, else 0.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                changed(arguments.list, name: { "changed(\($0))" }) { values, _ in
                    var previous = Double.nan
                    for index in values.indices {
                        let value = values[index]
                        let isChange = !previous.isNaN && !value.isNaN && value != previous
                        if previous.isNaN || isChange { previous = value }
                        values[index] = isChange ? 1 : 0
                    }
                }
            }),
        GraphFunction(
            "delay", "Transform", "Values so many steps later, or earlier if negative.",
            [.list, .required("steps", .integer)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let steps = arguments.integer("steps")
                return arguments.list.map { series in
                    made(
                        of: series, "delay(\(series.name),\(steps))", delayed(series.values, by: steps),
                        tag: ("delay", String(steps)))
                }
            }),
    ]

    /// The growth of a counter that may wrap at `maxValue` or begin anew at `minValue`.
    private static func growth(_ series: GraphSeries, _ arguments: GraphArguments) -> [Double] {
        let most = arguments.optionalNumber("maxValue")
        let least = arguments.optionalNumber("minValue")
        var previous = Double.nan
        return series.values.map { value in
            if let most, value > most {
                previous = .nan
                return .nan
            }
            if let least, value < least {
                previous = .nan
                return .nan
            }
            let last = previous
            previous = value
            if last.isNaN || value.isNaN { return .nan }
            if value >= last { return value - last }
            if let most { return most + 1 + value - last - (least ?? 0) }
            if let least { return value - least }
            return .nan
        }
    }

    private static func sums(_ series: GraphSeries, every interval: Int64, since start: Int64) -> [Double] {
        var sum = 0.0
        var time = series.start - start
        return series.values.map { value in
            let isNew =
                PythonMath.floorQuotient(time, interval) != PythonMath.floorQuotient(time - series.step, interval)
            if isNew { sum = 0 }
            if !value.isNaN { sum += value }
            time += series.step
            return sum
        }
    }

    /// By no step at all nothing is left, as with Graphite.
    private static func delayed(_ values: [Double], by steps: Int) -> [Double] {
        if steps == 0 { return [] }
        let count = Int(min(steps.magnitude, UInt(values.count)))
        let gap = [Double](repeating: .nan, count: count)
        return steps > 0 ? gap + values.dropLast(count) : Array(values.dropFirst(count)) + gap
    }
}
