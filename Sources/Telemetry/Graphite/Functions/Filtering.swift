/// Some series of many.
extension GraphFunctions {
    static let filtering: [GraphFunction] = [
        GraphFunction(
            "filterSeries", "Filter Series", "The series of which an aggregation is above or below a number.",
            [
                .list, .required("func", .aggFunc),
                .required("operator", .string, options: ["!=", "<", "<=", "=", ">", ">="]),
                .required("threshold", .float),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in
                filtered(
                    arguments.list, arguments.text("func"), arguments.text("operator"), arguments.number("threshold"))
            }),
        comparing("averageAbove", "average", ">", "The series whose average is above a number."),
        comparing("averageBelow", "average", "<=", "The series whose average is not above a number."),
        comparing("currentAbove", "last", ">", "The series whose last value is above a number."),
        comparing("currentBelow", "last", "<=", "The series whose last value is not above a number."),
        comparing("maximumAbove", "max", ">", "The series whose greatest value is above a number."),
        comparing("maximumBelow", "max", "<=", "The series whose greatest value is not above a number."),
        comparing("minimumAbove", "min", ">", "The series whose least value is above a number."),
        comparing("minimumBelow", "min", "<=", "The series whose least value is not above a number."),
        GraphFunction(
            "limit", "Filter Series", "The first series.", [.list, .required("n", .integer)],
            .series { (arguments, _) throws(TelemetryProblem) in first(arguments.integer("n"), of: arguments.list) }),
        GraphFunction(
            "unique", "Filter Series", "The series without those whose name was there before.", [.listAndMore],
            .series { (arguments, _) throws(TelemetryProblem) in
                var seen: Set<String> = []
                return arguments.lists.flatMap { $0 }.filter { seen.insert($0.name).inserted }
            }),
        GraphFunction(
            "removeEmptySeries", "Filter Series", "The series that have values, or a share of them.",
            [.list, .optional("xFilesFactor", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let factor = arguments.optionalNumber("xFilesFactor") ?? 0
                return arguments.list.filter { series in
                    let present = series.values.reduce(0) { $1.isNaN ? $0 : $0 + 1 }
                    return Aggregation.isEnough(present, of: series.values.count, factor)
                }
            }),
        GraphFunction(
            "mostDeviant", "Filter Series", "The series that vary most.", [.list, .required("n", .integer)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let known = arguments.list.compactMap { series -> (GraphSeries, Double)? in
                    let deviation = Aggregation.standardDeviation.one(of: series.values)
                    return deviation.isNaN ? nil : (series, deviation * deviation)
                }
                return first(arguments.integer("n"), of: sorted(known, isDescending: true))
            }),
        GraphFunction(
            "averageOutsidePercentile", "Filter Series", "The series whose average is among the least or greatest.",
            [.list, .required("n", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let averages = arguments.list.map { Aggregation.average.one(of: $0.values) }
                let (low, high) = bounds(arguments.number("n"))
                let lowest = Percentile.of(averages, low)
                let highest = Percentile.of(averages, high)
                return zip(arguments.list, averages).compactMap { series, average in
                    average.isNaN || lowest < average && average < highest ? nil : series
                }
            }),
        GraphFunction(
            "removeBetweenPercentile", "Filter Series", "The series that are at some time the least or greatest.",
            [.list, .required("n", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in removedBetween(arguments) }),
        GraphFunction(
            "useSeriesAbove", "Filter Series", "The series named after those whose greatest value is above a number.",
            [
                .list, .required("value", .float), .required("search", .string), .required("replace", .string),
            ],
            .fetching { (call) async throws(TelemetryProblem) in
                let names = try substituted(call.arguments)
                let value = call.arguments.number("value")
                let wanted = zip(call.arguments.list, names).filter { series, _ in
                    Aggregation.max.one(of: series.values) > value
                }
                if wanted.isEmpty { return [] }
                let found = try await call.series(of: "group(\(wanted.map(\.1).joined(separator: ",")))")
                return found.filter { !$0.values.isEmpty }
            }),
        GraphFunction(
            "fallbackSeries", "Special", "The series, or others if there are none.",
            [.list, .required("fallback", .seriesList)],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.isEmpty ? arguments.list("fallback") : arguments.list
            }),
    ]

    private static func comparing(
        _ name: String, _ aggregation: String, _ comparison: String, _ summary: String
    ) -> GraphFunction {
        GraphFunction(
            name, "Filter Series", summary, [.list, .required("n", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                filtered(arguments.list, aggregation, comparison, arguments.number("n"))
            })
    }

    /// Nothing is below every number.
    private static func filtered(
        _ list: [GraphSeries], _ function: String, _ comparison: String, _ threshold: Double
    ) -> [GraphSeries] {
        let aggregation = Aggregation.named(function) ?? .average
        return list.filter { series in
            let value = aggregation.one(of: series.values)
            return switch comparison {
            case "=": value == threshold
            case "!=": value != threshold
            case ">": value > threshold
            case ">=": value >= threshold
            case "<": value.isNaN || value < threshold
            default: value.isNaN || value <= threshold
            }
        }
    }

    /// `[:count]` in Python.
    static func first(_ count: Int, of list: [GraphSeries]) -> [GraphSeries] {
        Array(list[pythonRange(list.count, from: 0, to: count)])
    }

    private static func bounds(_ percent: Double) -> (low: Double, high: Double) {
        let high = percent < 50 ? 100 - percent : percent
        return (100 - high, high)
    }

    private static func removedBetween(_ arguments: GraphArguments) -> [GraphSeries] {
        let (low, high) = bounds(arguments.number("n"))
        let list = arguments.list
        let length = list.reduce(Int.max) { min($0, $1.values.count) }
        let columns = list.map { Array($0.values.prefix(length)) }
        let lows = Aggregation.eachRow(of: columns, list.isEmpty ? 0 : length) { Percentile.of($0, low) }
        let highs = Aggregation.eachRow(of: columns, list.isEmpty ? 0 : length) { Percentile.of($0, high) }
        return list.filter { series in
            zip(series.values, zip(lows, highs)).contains { value, bounds in
                !value.isNaN && !(bounds.0 < value && value < bounds.1)
            }
        }
    }
}
