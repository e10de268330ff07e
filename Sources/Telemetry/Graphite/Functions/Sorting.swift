/// Series in another order.
extension GraphFunctions {
    static let sorting: [GraphFunction] = [
        GraphFunction(
            "sortBy", "Sorting", "By an aggregation.",
            [.list, .optional("func", .aggFunc, .string("average")), .optional("reverse", .boolean, .boolean(false))],
            .series { (arguments, _) throws(TelemetryProblem) in
                sorted(arguments.list, arguments.text("func"), isDescending: arguments.boolean("reverse"))
            }),
        GraphFunction(
            "sortByName", "Sorting", "By name, with numbers in it as numbers if wanted.",
            [
                .list, .optional("natural", .boolean, .boolean(false)), .optional("reverse", .boolean, .boolean(false)),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in
                sortedByName(
                    arguments.list, isNatural: arguments.boolean("natural"), isDescending: arguments.boolean("reverse"))
            }),
        GraphFunction(
            "sortByTotal", "Sorting", "By sum, the greatest first.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in sorted(arguments.list, "sum", isDescending: true) }),
        GraphFunction(
            "sortByMaxima", "Sorting", "By the greatest value, the greatest first.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in sorted(arguments.list, "max", isDescending: true) }),
        GraphFunction(
            "sortByMinima", "Sorting", "Those with a value above 0, by the least value, the least first.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                sorted(
                    arguments.list.filter { Aggregation.max.one(of: $0.values) > 0 }, "min", isDescending: false)
            }),
        GraphFunction(
            "highest", "Filter Series", "The series of which an aggregation is greatest.",
            [.list, .required("n", .integer), .optional("func", .aggFunc, .string("average"))],
            .series { (arguments, _) throws(TelemetryProblem) in
                first(
                    arguments.integer("n"), of: sorted(arguments.list, arguments.text("func"), isDescending: true))
            }),
        GraphFunction(
            "lowest", "Filter Series", "The series of which an aggregation is least.",
            [.list, .required("n", .integer), .optional("func", .aggFunc, .string("average"))],
            .series { (arguments, _) throws(TelemetryProblem) in
                first(
                    arguments.integer("n"), of: sorted(arguments.list, arguments.text("func"), isDescending: false))
            }),
        ranking("highestAverage", "average", isDescending: true, "The series with the greatest averages."),
        ranking("highestCurrent", "current", isDescending: true, "The series with the greatest last values."),
        ranking("highestMax", "max", isDescending: true, "The series with the greatest values."),
        ranking("lowestAverage", "average", isDescending: false, "The series with the least averages."),
        ranking("lowestCurrent", "current", isDescending: false, "The series with the least last values."),
    ]

    private static func ranking(
        _ name: String, _ aggregation: String, isDescending: Bool, _ summary: String
    ) -> GraphFunction {
        GraphFunction(
            name, "Filter Series", summary, [.list, .required("n", .integer)],
            .series { (arguments, _) throws(TelemetryProblem) in
                first(arguments.integer("n"), of: sorted(arguments.list, aggregation, isDescending: isDescending))
            })
    }

    private static func sorted(_ list: [GraphSeries], _ function: String, isDescending: Bool) -> [GraphSeries] {
        let aggregation = Aggregation.named(function) ?? .average
        return sorted(list.map { ($0, aggregation.one(of: $0.values)) }, isDescending: isDescending)
    }

    /// Those without a value are least; equals stay in their order, also when descending.
    static func sorted(_ list: [(GraphSeries, Double)], isDescending: Bool) -> [GraphSeries] {
        let keys = list.map { $0.1.isNaN ? -Double.infinity : $0.1 }
        let order = list.indices.sorted { left, right in
            if keys[left] == keys[right] { return left < right }
            return (keys[left] < keys[right]) != isDescending
        }
        return order.map { list[$0].0 }
    }

    private static func sortedByName(
        _ list: [GraphSeries], isNatural: Bool, isDescending: Bool
    ) -> [GraphSeries] {
        let keys = list.map { Array((isNatural ? padded($0.name) : $0.name).utf8) }
        let order = list.indices.sorted { left, right in
            if keys[left] == keys[right] { return left < right }
            return keys[left].lexicographicallyPrecedes(keys[right]) != isDescending
        }
        return order.map { list[$0] }
    }

    /// Numbers with zeros before them, ten digits in all.
    private static func padded(_ name: String) -> String {
        var result: [UInt8] = []
        var digits: [UInt8] = []
        for byte in Array(name.utf8) + [0] {
            if byte >= 0x30, byte <= 0x39 {
                digits.append(byte)
                continue
            }
            if !digits.isEmpty {
                let number = digits.drop { $0 == 0x30 }
                result += Array(repeating: 0x30, count: max(0, 10 - number.count)) + number
                digits = []
            }
            if byte != 0 { result.append(byte) }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
