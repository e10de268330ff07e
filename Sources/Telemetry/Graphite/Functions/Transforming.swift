import Glibc

/// Each value by itself, or by the one before it.
extension GraphFunctions {
    static let transforming: [GraphFunction] = [
        mapping("absolute", "Values without their sign.") { $0.magnitude },
        mapping("squareRoot", "The square root of values.") { PythonMath.power($0, 0.5) },
        mapping("invert", "One divided by each value.") { PythonMath.power($0, -1) },
        mapping("exp", "e to the power of each value.", tag: "e") { value in
            let result = Glibc.exp(value)
            return result.isFinite || value.isInfinite ? result : .nan
        },
        mapping("sigmoid", "1 / (1 + e^-value).", tag: "sigmoid") { 1 / (1 + Glibc.exp(-$0)) },
        mapping("logit", "The logarithm of value / (1 - value).", tag: "logit") { value in
            let odds = value / (1 - value)
            return value == 1 || odds <= 0 ? .nan : Glibc.log(odds)
        },
        constant("scale", "factor", "Values times a number.", PythonNumber.general) { $0 * $1 },
        constant("offset", "factor", "Values plus a number.", PythonNumber.general) { $0 + $1 },
        constant("add", "constant", "Values plus a number.", PythonNumber.integer) { $0 + $1 },
        constant("pow", "factor", "Values to the power of a number.", PythonNumber.general) {
            PythonMath.power($0, $1)
        },
        GraphFunction(
            "log", "Transform", "The logarithm of values.", [.list, .optional("base", .integer, .integer(10))],
            .series { (arguments, _) throws(TelemetryProblem) in try logarithms(arguments) }),
        GraphFunction(
            "round", "Transform", "Values rounded to a number of places.",
            [.list, .optional("precision", .integer, .integer(0))],
            .series { (arguments, _) throws(TelemetryProblem) in
                let places = min(max(arguments.integer("precision"), -300), 300)
                let suffix = arguments.value("precision") == nil ? "" : ",\(places)"
                return mapped(arguments.list, tag: ("round", String(places)), name: { "round(\($0)\(suffix))" }) {
                    PythonNumber.round($0, places)
                }
            }),
        GraphFunction(
            "scaleToSeconds", "Transform", "Values per step as values per so many seconds.",
            [.list, .required("seconds", .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let seconds = arguments.number("seconds")
                let text = PythonNumber.integer(seconds)
                return changed(
                    arguments.list, tag: ("scaleToSeconds", PythonNumber.text(seconds)),
                    name: { "scaleToSeconds(\($0),\(text))" }
                ) { values, series in
                    let factor = seconds / Double(series.step)
                    for index in values.indices { values[index] = PythonNumber.round(values[index] * factor, 6) }
                }
            }),
        GraphFunction(
            "offsetToZero", "Transform", "Values less the least of their series.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                arguments.list.flatMap { series in
                    let least = Aggregation.min.one(of: series.values)
                    return mapped(
                        [series], tag: ("offsetToZero", least.isNaN ? "None" : PythonNumber.text(least)),
                        name: { "offsetToZero(\($0))" }
                    ) { $0 - least }
                }
            }),
        GraphFunction(
            "minMax", "Transform", "Values as their place between the least and the greatest, 0…1.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                changed(arguments.list, name: { "minMax(\($0))" }) { values, series in
                    let least = Aggregation.min.one(of: series.values)
                    let range = Aggregation.max.one(of: series.values) - least
                    for index in values.indices where !values[index].isNaN {
                        values[index] = range == 0 ? 0 : (values[index] - least) / range
                    }
                }
            }),
    ]

    private static func constant(
        _ name: String, _ parameter: String, _ summary: String, _ format: @escaping @Sendable (Double) -> String,
        _ change: @escaping @Sendable (Double, Double) -> Double
    ) -> GraphFunction {
        GraphFunction(
            name, "Transform", summary, [.list, .required(parameter, .float)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let number = arguments.number(parameter)
                let text = format(number)
                return mapped(
                    arguments.list, tag: (name, PythonNumber.text(number)), name: { "\(name)(\($0),\(text))" }
                ) { change($0, number) }
            })
    }

    private static func logarithms(_ arguments: GraphArguments) throws(TelemetryProblem) -> [GraphSeries] {
        let base = arguments.integer("base")
        guard base > 1 else { throw arguments.refusal("`base` must be more than 1") }
        let divisor = Glibc.log(Double(base))
        return arguments.list.map { series in
            let values = series.values.map { value in
                value > 0 ? (base == 10 ? log10(value) : Glibc.log(value) / divisor) : Double.nan
            }
            return made(of: series, "log(\(series.name), \(base))", values, tag: ("log", String(base)))
        }
    }
}
