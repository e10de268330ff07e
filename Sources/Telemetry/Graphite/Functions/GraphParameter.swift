/// A parameter of a function.
package struct GraphParameter: Hashable, Sendable {
    /// Graphite's types: what `/functions` calls them, and what is accepted.
    package enum Kind: String, Sendable {
        case aggFunc, aggOrSeriesFunc, any, boolean, date, float, integer, interval, intOrInf, intOrInterval, node,
            nodeOrTag, seriesList, seriesLists, string, tag
    }

    package var name: String
    package var kind: Kind
    package var isRequired: Bool
    package var defaultValue: GraphScalar?
    /// Takes all further arguments too. Only the last parameter may.
    package var isMultiple: Bool
    /// The only values that are allowed; any if there are none.
    package var options: [String]
    /// What an editor offers.
    package var suggestions: [GraphScalar]

    static func required(
        _ name: String, _ kind: Kind, multiple: Bool = false, options: [String] = [], suggestions: [GraphScalar] = []
    ) -> GraphParameter {
        GraphParameter(
            name: name, kind: kind, isRequired: true, isMultiple: multiple, options: options, suggestions: suggestions)
    }

    static func optional(
        _ name: String, _ kind: Kind, _ defaultValue: GraphScalar? = nil, multiple: Bool = false,
        options: [String] = [], suggestions: [GraphScalar] = []
    ) -> GraphParameter {
        GraphParameter(
            name: name, kind: kind, isRequired: false, defaultValue: defaultValue, isMultiple: multiple,
            options: options, suggestions: suggestions)
    }

    static let list = required("seriesList", .seriesList)
    static let listAndMore = required("seriesLists", .seriesList, multiple: true)

    private init(
        name: String, kind: Kind, isRequired: Bool, defaultValue: GraphScalar? = nil, isMultiple: Bool,
        options: [String], suggestions: [GraphScalar]
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.isMultiple = isMultiple
        self.options = options
        self.suggestions = suggestions
    }

    /// The value as this parameter's type, or why it is none.
    func check(_ value: GraphValue, of function: String) throws(TelemetryProblem) -> GraphValue {
        switch (kind, value) {
        case (.seriesList, .list), (.any, .list), (.seriesLists, .lists): return value
        case (.seriesLists, .list(let list)) where list.isEmpty: return .lists([])
        case (.seriesList, _), (.seriesLists, _), (_, .list), (_, .lists): break
        case (_, .scalar(let scalar)):
            if !options.isEmpty, !options.contains(scalar.text), !options.contains(scalar.text.lowercased()) { break }
            if let converted = convert(scalar) { return .scalar(converted) }
        }
        let given: String =
            switch value {
            case .scalar(let scalar): "`\(scalar.text.prefix(64))`"
            case .list: "series"
            case .lists: "lists of series"
            }
        let allowed = options.isEmpty ? "" : " of " + options.joined(separator: ", ")
        throw TelemetryProblem(
            "graph.argument-invalid", "`\(function)` was not evaluated.",
            cause: "Its argument `\(name)` takes \(kind.rawValue)\(allowed), and is \(given).",
            remedy: "`/functions` lists every function with its parameters.")
    }

    private func convert(_ value: GraphScalar) -> GraphScalar? {
        switch kind {
        case .seriesList, .seriesLists: nil
        case .any: value
        case .boolean: Self.boolean(value)
        case .float: Self.float(value)
        case .integer, .node: Self.integer(value)
        case .intOrInf: Self.integer(value) ?? (Self.float(value)?.number == .infinity ? .number(.infinity) : nil)
        case .intOrInterval:
            switch value {
            case .integer(let points): points >= 0 && points <= 1 << 31 ? value : nil
            case .number(let points): points >= 0 && points <= Double(1 << 31) ? .integer(Int(points)) : nil
            case .string(let text): (try? TimeExpression.offset(text)) == nil ? nil : value
            case .none, .boolean: nil
            }
        case .interval: (try? TimeExpression.offset(value.text)) == nil ? nil : .string(value.text)
        case .nodeOrTag:
            switch value {
            case .integer, .string: value
            case .none, .boolean, .number: nil
            }
        case .aggFunc: Aggregation.named(value.text) == nil ? nil : .string(value.text)
        case .aggOrSeriesFunc:
            Aggregation.named(value.text) == nil && GraphFunctions.named(value.text)?.isAggregator != true
                ? nil : .string(value.text)
        case .date, .string, .tag: .string(value.text)
        }
    }

    private static func boolean(_ value: GraphScalar) -> GraphScalar? {
        switch value {
        case .boolean: value
        case .string(let text):
            switch text.lowercased() {
            case "true": .boolean(true)
            case "false": .boolean(false)
            default: nil
            }
        case .integer(0), .number(0): .boolean(false)
        case .integer(1), .number(1): .boolean(true)
        case .none, .integer, .number: nil
        }
    }

    private static func float(_ value: GraphScalar) -> GraphScalar? {
        switch value {
        case .integer(let number): .number(Double(number))
        case .number: value
        case .string(let text): Double(text).map { .number($0) }
        case .boolean(let flag): .number(flag ? 1 : 0)
        case .none: nil
        }
    }

    private static func integer(_ value: GraphScalar) -> GraphScalar? {
        switch value {
        case .integer: value
        case .string(let text): Int(text).map { .integer($0) }
        case .none, .boolean, .number: nil
        }
    }
}
