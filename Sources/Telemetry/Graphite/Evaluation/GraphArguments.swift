/// The arguments of one call, checked against the function's parameters.
struct GraphArguments {
    let function: GraphFunction
    /// Per parameter, what was given: nothing, one, or many for the last if it takes many.
    private var slots: [[GraphValue]]

    /// Source of the rules: graphite-web 1.1.10, functions/params.py.
    init(
        _ function: GraphFunction, _ positional: [GraphValue], _ keywords: [(String, GraphValue)]
    ) throws(TelemetryProblem) {
        self.function = function
        let parameters = function.parameters
        slots = Array(repeating: [], count: parameters.count)
        for (index, value) in positional.enumerated() {
            let slot = min(index, parameters.count - 1)
            guard slot >= 0, slot == index || parameters[slot].isMultiple else {
                throw refusal("it takes \(parameters.count) arguments, and there are \(positional.count)")
            }
            if case .scalar(.none) = value, !parameters[slot].isMultiple { continue }
            slots[slot].append(try parameters[slot].check(value, of: function.name))
        }
        for (name, value) in keywords {
            guard let slot = parameters.firstIndex(where: { $0.name == name }) else {
                throw refusal("it has no parameter `\(name.prefix(64))`")
            }
            guard slots[slot].isEmpty, slot >= positional.count else {
                throw refusal("`\(name)` is given twice")
            }
            if case .scalar(.none) = value { continue }
            slots[slot].append(try parameters[slot].check(value, of: function.name))
        }
        for (slot, parameter) in parameters.enumerated() where parameter.isRequired && slots[slot].isEmpty {
            throw refusal("`\(parameter.name)` is missing")
        }
    }

    private func slot(_ name: String) -> Int {
        function.parameters.firstIndex { $0.name == name } ?? 0
    }

    /// The series of the first parameter.
    var list: [GraphSeries] { list(function.parameters.first?.name ?? "") }

    /// All lists of the first parameter.
    var lists: [[GraphSeries]] {
        slots[0].map(\.series)
    }

    func list(_ name: String) -> [GraphSeries] { slots[slot(name)].first?.series ?? [] }

    func value(_ name: String) -> GraphValue? { slots[slot(name)].first }

    /// What was given, or the default.
    func scalar(_ name: String) -> GraphScalar? {
        if case .scalar(let value)? = value(name) { return value }
        return function.parameters[slot(name)].defaultValue
    }

    func scalars(_ name: String) -> [GraphScalar] {
        slots[slot(name)].compactMap { if case .scalar(let value) = $0 { value } else { nil } }
    }

    func number(_ name: String) -> Double { scalar(name)?.number ?? .nan }
    func optionalNumber(_ name: String) -> Double? { scalar(name)?.number }

    func integer(_ name: String) -> Int { optionalInteger(name) ?? 0 }

    func optionalInteger(_ name: String) -> Int? {
        if case .integer(let value)? = scalar(name) { value } else { nil }
    }

    func boolean(_ name: String) -> Bool { scalar(name) == .boolean(true) }

    func text(_ name: String) -> String { scalar(name)?.text ?? "" }
    func optionalText(_ name: String) -> String? { scalar(name)?.text }

    /// Seconds of an interval, whatever its sign.
    func interval(_ name: String) throws(TelemetryProblem) -> Int64 { try TimeExpression.offset(text(name)) }

    /// Seconds of an interval that must be at least 1.
    func positiveInterval(_ name: String) throws(TelemetryProblem) -> Int64 {
        let seconds = try interval(name)
        guard seconds > 0 else { throw refusal("`\(name)` must be more than nothing, and is `\(text(name))`") }
        return seconds
    }

    func refusal(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.argument-invalid", "`\(function.name)` was not evaluated.", cause: "Of its arguments \(cause).",
            remedy: "Call it as \(function.signature).")
    }
}
