/// `/functions`: every function with its parameters, for editors of queries.
/// Source of the shape: graphite-web 1.1.10, functions/views.py.
package enum FunctionList {
    /// All functions by name; by group and name if `grouped`; of one group only if `group` is given.
    package static func encode(_ fields: FormFields) -> [UInt8] {
        let functions = GraphFunctions.all.filter { fields["group"] == nil || $0.group == fields["group"] }
        var bytes: [UInt8] = []
        guard fields.flag("grouped") else {
            append(functions, to: &bytes)
            return bytes
        }
        var groups: [(name: String, functions: [GraphFunction])] = []
        for function in functions {
            if let index = groups.firstIndex(where: { $0.name == function.group }) {
                groups[index].functions.append(function)
            } else {
                groups.append((function.group, [function]))
            }
        }
        bytes.append(UInt8(ascii: "{"))
        GraphJSON.list(groups, to: &bytes) { group, bytes in
            GraphJSON.append(group.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(group.functions, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// `/functions/NAME`; nil if there is none.
    package static func encode(_ name: String) -> [UInt8]? {
        guard let function = GraphFunctions.named(name) else { return nil }
        var bytes: [UInt8] = []
        append(function, to: &bytes)
        return bytes
    }

    private static func append(_ functions: [GraphFunction], to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        GraphJSON.list(functions, to: &bytes) { function, bytes in
            GraphJSON.append(function.name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(function, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(_ function: GraphFunction, to bytes: inout [UInt8]) {
        let texts = [
            ("name", function.name), ("function", function.signature), ("description", function.summary),
            ("module", "apus.graphite"), ("group", function.group),
        ]
        bytes.append(UInt8(ascii: "{"))
        for (key, text) in texts {
            GraphJSON.append(key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            GraphJSON.append(text, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        bytes.append(contentsOf: #""params":["#.utf8)
        GraphJSON.list(function.parameters, to: &bytes) { parameter, bytes in append(parameter, to: &bytes) }
        bytes.append(contentsOf: "]}".utf8)
    }

    private static func append(_ parameter: GraphParameter, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"name":"#.utf8)
        GraphJSON.append(parameter.name, to: &bytes)
        bytes.append(contentsOf: #","type":"#.utf8)
        GraphJSON.append(parameter.kind.rawValue, to: &bytes)
        if parameter.isRequired { bytes.append(contentsOf: #","required":true"#.utf8) }
        if let value = parameter.defaultValue {
            bytes.append(contentsOf: #","default":"#.utf8)
            append(value, to: &bytes)
        }
        if parameter.isMultiple { bytes.append(contentsOf: #","multiple":true"#.utf8) }
        let options = parameter.kind == .aggFunc ? Aggregation.names.sorted() : parameter.options
        if !options.isEmpty {
            bytes.append(contentsOf: #","options":"#.utf8)
            bytes.append(contentsOf: GraphLists.encode(options))
        }
        if !parameter.suggestions.isEmpty {
            bytes.append(contentsOf: #","suggestions":["#.utf8)
            GraphJSON.list(parameter.suggestions, to: &bytes) { value, bytes in append(value, to: &bytes) }
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private static func append(_ value: GraphScalar, to bytes: inout [UInt8]) {
        switch value {
        case .none: bytes.append(contentsOf: "null".utf8)
        case .boolean(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .integer(let number): GraphJSON.append(Int64(number), to: &bytes)
        case .number(let number): GraphJSON.append(number, to: &bytes)
        case .string(let text): GraphJSON.append(text, to: &bytes)
        }
    }
}
