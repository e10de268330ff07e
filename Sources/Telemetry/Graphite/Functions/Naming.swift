/// What series are called.
extension GraphFunctions {
    static let naming: [GraphFunction] = [
        GraphFunction(
            "alias", "Alias", "Calls all series so.", [.list, .required("newName", .string)],
            .series { (arguments, _) throws(TelemetryProblem) in
                renamed(arguments.list) { _ in arguments.text("newName") }
            }),
        GraphFunction(
            "aliasByNode", "Alias", "Calls series by nodes of their path or by tags.",
            [.list, .required("nodes", .nodeOrTag, multiple: true)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let nodes = arguments.scalars("nodes")
                return renamed(arguments.list) { Combining.key(of: $0, nodes) }
            }),
        GraphFunction(
            "aliasByTags", "Alias", "Calls series by tags or by nodes of their path.",
            [.list, .required("tags", .nodeOrTag, multiple: true)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let nodes = arguments.scalars("tags")
                return renamed(arguments.list) { Combining.key(of: $0, nodes) }
            }),
        GraphFunction(
            "aliasByMetric", "Alias", "Calls series by the last node of their path.", [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                renamed(arguments.list) { part(of: $0.name, from: -1, to: 0) }
            }),
        GraphFunction(
            "substr", "Special", "Calls series by some nodes of their path.",
            [.list, .optional("start", .node, .integer(0)), .optional("stop", .node, .integer(0))],
            .series { (arguments, _) throws(TelemetryProblem) in
                renamed(arguments.list) {
                    part(of: $0.name, from: arguments.integer("start"), to: arguments.integer("stop"))
                }
            }),
        cased("upper", "Capital letters, everywhere or at the named places.") { $0.uppercased() },
        cased("lower", "Small letters, everywhere or at the named places.") { $0.lowercased() },
    ]

    static func renamed(_ list: [GraphSeries], _ name: (GraphSeries) -> String) -> [GraphSeries] {
        list.map { series in
            var copy = series
            copy.name = name(series)
            return copy
        }
    }

    /// Nodes of the path within the innermost call, up to the first comma.
    private static func part(of name: String, from start: Int, to stop: Int) -> String {
        let left = name.lastIndex(of: "(").map { name.index(after: $0) } ?? name.startIndex
        let right = name.firstIndex(of: ")") ?? name.endIndex
        let clean = left <= right ? name[left..<right] : ""
        let nodes = clean.split(separator: ".", omittingEmptySubsequences: false)
        let range = pythonRange(nodes.count, from: start, to: stop == 0 ? nil : stop)
        let joined = nodes[range].joined(separator: ".")
        return String(joined.prefix { $0 != "," })
    }

    /// The indices of `[from:to]` in Python: negative ones count from the end, what is outside is cut.
    static func pythonRange(_ count: Int, from: Int, to: Int?) -> Range<Int> {
        func place(_ index: Int) -> Int { min(max(index < 0 ? count + index : index, 0), count) }
        let start = place(from)
        return start..<max(start, to.map(place) ?? count)
    }

    private static func cased(
        _ name: String, _ summary: String, _ change: @escaping @Sendable (String) -> String
    ) -> GraphFunction {
        GraphFunction(
            name, "Alias", summary, [.list, .optional("pos", .integer, multiple: true)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let places = arguments.scalars("pos")
                if places.isEmpty { return renamed(arguments.list) { change($0.name) } }
                return renamed(arguments.list) { series in
                    var letters = series.name.unicodeScalars.map { String($0) }
                    for case .integer(let place) in places {
                        let index = place < 0 ? letters.count + place : place
                        if letters.indices.contains(index) { letters[index] = change(letters[index]) }
                    }
                    return letters.joined()
                }
            })
    }
}
