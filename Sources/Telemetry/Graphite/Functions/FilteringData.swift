/// Some values of a series.
extension GraphFunctions {
    static let filteringData: [GraphFunction] = [
        removing("removeAbovePercentile", "Nothing above a percentile of the series.", percentile: true) { $0 > $1 },
        removing("removeAboveValue", "Nothing above a number.", percentile: false) { $0 > $1 },
        removing("removeBelowPercentile", "Nothing below a percentile of the series.", percentile: true) { $0 < $1 },
        removing("removeBelowValue", "Nothing below a number.", percentile: false) { $0 < $1 },
    ]

    private static func removing(
        _ name: String, _ summary: String, percentile: Bool, _ isRemoved: @escaping @Sendable (Double, Double) -> Bool
    ) -> GraphFunction {
        GraphFunction(
            name, "Filter Data", summary, [.list, .required("n", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let number = arguments.number("n")
                guard !percentile || number > 0 else { throw arguments.refusal("`n` must be more than 0") }
                let text = PythonNumber.general(number)
                let list = changed(arguments.list, name: { "\(name)(\($0), \(text))" }) { values, series in
                    let limit = percentile ? Percentile.of(series.values, number) : number
                    for index in values.indices where isRemoved(values[index], limit) { values[index] = .nan }
                }
                if !percentile { return list }
                return zip(arguments.list, list).map { before, after in
                    var after = after
                    if before.values.contains(where: { !$0.isNaN }) {
                        after.tags["nPercentile"] = PythonNumber.text(number)
                    }
                    return after
                }
            })
    }
}
