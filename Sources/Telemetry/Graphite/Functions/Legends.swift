/// Names that say values.
extension GraphFunctions {
    static let legends: [GraphFunction] = [
        GraphFunction(
            "legendValue", "Alias", "Adds aggregations to names.",
            [
                .list,
                .optional(
                    "valuesTypes", .string, multiple: true,
                    options: Aggregation.names + Aggregation.names.map { $0 + "Series" } + ["binary", "si"]),
            ],
            .series { (arguments, _) throws(TelemetryProblem) in legendValue(arguments) }),
        GraphFunction(
            "cactiStyle", "Special", "Adds the last, greatest and least value to names, in columns.",
            [.list, .optional("system", .string, options: ["binary", "si"]), .optional("units", .string)],
            .series { (arguments, _) throws(TelemetryProblem) in cactiStyle(arguments) }),
        GraphFunction(
            "aliasQuery", "Alias", "Names by the last value of another series, named after the first.",
            [
                .list, .required("search", .string), .required("replace", .string), .required("newName", .string),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await aliasQuery(call) }),
    ]

    private static func legendValue(_ arguments: GraphArguments) -> [GraphSeries] {
        var kinds = arguments.scalars("valuesTypes").map(\.text)
        var system: UnitSystem?
        if let last = kinds.last, let named = UnitSystem(rawValue: last) {
            system = named
            kinds.removeLast()
        }
        return arguments.list.map { series in
            var series = series
            for kind in kinds {
                let aggregation = Aggregation.named(kind)
                let value = aggregation?.one(of: series.values) ?? .nan
                if let system {
                    let text = value.isNaN ? "None" : system.text(value)
                    series.name = padded(series.name, 20) + padded(kind, 5) + padded(text, 10)
                } else {
                    let text =
                        value.isNaN ? "None" : aggregation == .count ? String(Int(value)) : PythonNumber.text(value)
                    series.name += " (\(kind): \(text))"
                }
            }
            return series
        }
    }

    /// With spaces after it up to a width.
    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
    }

    private static func cactiStyle(_ arguments: GraphArguments) -> [GraphSeries] {
        let system = arguments.optionalText("system").flatMap(UnitSystem.init)
        let units = arguments.optionalText("units").flatMap { $0.isEmpty ? nil : $0 }
        func text(_ value: Double) -> String {
            if let system { return system.text(value, units: units) }
            return PythonNumber.fixed(value, 2) + (units.map { " " + $0 } ?? "")
        }
        let kinds: [Aggregation] = [.last, .max, .min]
        let list = arguments.list
        let nameWidth = list.reduce(0) { max($0, $1.name.unicodeScalars.count) }
        let values = list.map { series in kinds.map { $0.one(of: series.values) } }
        let widths = kinds.indices.map { kind in
            values.reduce(0) { width, row in
                let value = row[kind].isNaN || row[kind] == 0 ? 3 : row[kind].rounded(.towardZero)
                return max(width, text(value).unicodeScalars.count)
            } + 3
        }
        return zip(list, values).map { series, row in
            let shown = zip(row, widths).map { value, width in
                value.isNaN ? padded("nan", width) : padded(text(value), width)
            }
            var series = series
            series.name =
                padded(series.name, nameWidth) + " Current:\(shown[0]) Max:\(shown[1]) Min:\(shown[2]) "
            return series
        }
    }

    private static func aliasQuery(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let queries = try substituted(call.arguments)
        let newName = call.arguments.text("newName")
        var result: [GraphSeries] = []
        for (var series, query) in zip(call.arguments.list, queries) {
            guard let found = try await call.series(of: query).first else {
                throw call.arguments.refusal("the query `\(query.prefix(120))` has no series")
            }
            let value = Aggregation.last.one(of: found.values)
            guard !value.isNaN else {
                throw call.arguments.refusal("`\(found.name.prefix(120))` has no value")
            }
            guard let name = PythonFormat.text(newName, value) else {
                throw call.arguments.refusal("`newName` is no format of one number: `\(newName.prefix(120))`")
            }
            series.name = name
            result.append(series)
        }
        return result
    }
}

/// Prefixes of units. Source: graphite-web 1.1.10, render/glyph.py.
enum UnitSystem: String {
    case si, binary

    func text(_ value: Double, units: String? = nil) -> String {
        let names = self == .si ? ["P", "T", "G", "M", "k"] : ["Pi", "Ti", "Gi", "Mi", "Ki"]
        let base: Double = self == .si ? 1000 : 1024
        var size = base * base * base * base * base
        var prefix = ""
        var shown = value
        for name in names {
            if value.magnitude >= size {
                (prefix, shown) = (name, value / size)
                break
            }
            size /= base
        }
        if value > 1, shown - shown.rounded(.down) < 0.000_000_000_01 { shown = shown.rounded(.down) }
        let space = units == nil ? "" : " "
        return PythonNumber.fixed(shown, 2) + space + prefix + (units ?? "")
    }
}
