/// Series put together by nodes of their paths or by tags.
extension GraphFunctions {
    static let grouping: [GraphFunction] = [
        GraphFunction(
            "groupByNode", "Combine", "One series per value of a node or tag.",
            [
                .list, .required("nodeNum", .nodeOrTag),
                .optional("callback", .aggOrSeriesFunc, .string("average")),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in
                try grouped(arguments.list, arguments.text("callback"), arguments.scalars("nodeNum"), context)
            }),
        GraphFunction(
            "groupByNodes", "Combine", "One series per values of several nodes or tags.",
            [.list, .required("callback", .aggOrSeriesFunc), .optional("nodes", .nodeOrTag, multiple: true)],
            .series { (arguments, context) throws(TelemetryProblem) in
                try grouped(arguments.list, arguments.text("callback"), arguments.scalars("nodes"), context)
            }),
        GraphFunction(
            "groupByTags", "Combine", "One series per values of some tags, which are all that it keeps.",
            [.list, .required("callback", .aggOrSeriesFunc), .required("tags", .tag, multiple: true)],
            .series { (arguments, context) throws(TelemetryProblem) in try groupedByTags(arguments, context) }),
        mapSeries("mapSeries"), mapSeries("map"), reduceSeries("reduceSeries"), reduceSeries("reduce"),
        GraphFunction(
            "applyByNode", "Combine", "A target per beginning of the paths, with that in the place of %.",
            [
                .list, .required("nodeNum", .node), .required("templateFunction", .string),
                .optional("newName", .string),
            ],
            .fetching { (call) async throws(TelemetryProblem) in try await applyByNode(call) }),
    ]

    private static func grouped(
        _ list: [GraphSeries], _ callback: String, _ nodes: [GraphScalar], _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        var result: [GraphSeries] = []
        for group in Combining.group(list, by: { Combining.key(of: $0, nodes) }) {
            guard var series = try Combining.call(callback, [group.series], context) else { continue }
            series.name = group.key
            result.append(series)
        }
        return result
    }

    private static func groupedByTags(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        let tags = arguments.scalars("tags").map(\.text)
        let callback = arguments.text("callback")
        let names = Set(arguments.list.map { $0.tags["name"] ?? "" })
        let common = names.count == 1 ? names.first ?? callback : callback
        let groups = Combining.group(arguments.list) { series in
            let name = tags.contains("name") ? series.tags["name"] ?? "" : common
            let values = tags.filter { $0 != "name" }.map { "\($0)=\(series.tags[$0] ?? "")" }
            return ([name] + values.sorted()).joined(separator: ";")
        }
        var result: [GraphSeries] = []
        for group in groups {
            guard var series = try Combining.call(callback, [group.series], context) else { continue }
            series.name = group.key
            series.pathExpression = group.key
            series.tags = GraphTags(parsing: group.key)
            result.append(series)
        }
        return result
    }

    private static func mapSeries(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Combine", "One list of series per value of nodes or tags, for reduceSeries.",
            [.list, .required("mapNodes", .nodeOrTag, multiple: true)],
            .value { (arguments, _) throws(TelemetryProblem) in
                let nodes = arguments.scalars("mapNodes")
                return .lists(Combining.group(arguments.list) { Combining.key(of: $0, nodes) }.map(\.series))
            })
    }

    private static func reduceSeries(_ name: String) -> GraphFunction {
        GraphFunction(
            name, "Combine", "One series per list, by a function of those whose node has the named values.",
            [
                .required("seriesLists", .seriesLists), .required("reduceFunction", .string),
                .required("reduceNode", .node), .required("reduceMatchers", .string, multiple: true),
            ],
            .series { (arguments, context) throws(TelemetryProblem) in try reduced(arguments, context) })
    }

    private static func reduced(
        _ arguments: GraphArguments, _ context: GraphContext
    ) throws(TelemetryProblem) -> [GraphSeries] {
        guard case .lists(let lists)? = arguments.value("seriesLists") else { return [] }
        let function = arguments.text("reduceFunction")
        let node = arguments.integer("reduceNode")
        let matchers = arguments.scalars("reduceMatchers").map(\.text)
        var places: [String: Int] = [:]
        var groups: [(key: String, series: [GraphSeries?])] = []
        for series in lists.flatMap({ $0 }) {
            let nodes = series.name.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
            let index = node < 0 ? nodes.count + node : node
            guard nodes.indices.contains(index) else {
                throw arguments.refusal("`reduceNode` is \(node), which `\(series.name.prefix(120))` does not have")
            }
            guard let matcher = matchers.firstIndex(of: nodes[index]) else { continue }
            let range = pythonRange(nodes.count, from: 0, to: node)
            let key = nodes[range].joined(separator: ".") + ".reduce." + function
            if places[key] == nil {
                places[key] = groups.count
                groups.append((key, Array(repeating: nil, count: matchers.count)))
            }
            groups[places[key] ?? 0].series[matcher] = series
        }
        var result: [GraphSeries] = []
        for group in groups {
            let present = group.series.compactMap { $0 }
            guard present.count == matchers.count else {
                throw arguments.refusal("`\(group.key.prefix(120))` has no series for one of the matchers")
            }
            guard GraphFunctions.named(function) != nil else {
                throw arguments.refusal("`reduceFunction` is `\(function.prefix(64))`, which is no function")
            }
            guard var series = try Combining.call(function, present.map { [$0] }, context) else { continue }
            series.name = group.key
            result.append(series)
        }
        return result
    }

    private static func applyByNode(_ call: GraphCall) async throws(TelemetryProblem) -> [GraphSeries] {
        let arguments = call.arguments
        guard let last = arguments.list.last else { return [] }
        let node = arguments.integer("nodeNum")
        let prefixes = Set(
            arguments.list.map { series in
                let nodes = series.name.split(separator: ".", omittingEmptySubsequences: false)
                return nodes[pythonRange(nodes.count, from: 0, to: node + 1)].joined(separator: ".")
            })
        let template = arguments.text("templateFunction")
        let newName = arguments.optionalText("newName")
        var result: [GraphSeries] = []
        for prefix in prefixes.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            func filled(_ text: String) -> String {
                text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: prefix)
            }
            for var series in try await call.series(of: filled(template)) {
                if let newName { series.name = filled(newName) }
                series.pathExpression = prefix
                series.start = last.start
                series.end = last.end
                result.append(series)
            }
        }
        return result
    }
}
