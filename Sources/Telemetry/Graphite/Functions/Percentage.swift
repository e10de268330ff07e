/// `asPercent`. Source: graphite-web 1.1.10, render/functions.py.
struct Percentage {
    private let list: [GraphSeries]
    private let total: GraphValue?
    private let nodes: [GraphScalar]
    private let arguments: GraphArguments
    private let context: GraphContext

    init(_ arguments: GraphArguments, _ context: GraphContext) {
        list = arguments.list
        total = arguments.value("total")
        nodes = arguments.scalars("nodes")
        self.arguments = arguments
        self.context = context
    }

    func series() throws(TelemetryProblem) -> [GraphSeries] {
        if !nodes.isEmpty { return try byNodes() }
        guard let normalized = try Combining.normalize(list) else { return [] }
        switch total {
        case .list(let totals)?:
            if totals.count == list.count { return try pairwise(totals) }
            guard totals.count == 1, let all = try Combining.normalize(list + totals), let sum = all.series.last else {
                throw arguments.refusal("`total` has \(totals.count) series, and must have 1 or \(list.count)")
            }
            return all.series.dropLast().map { share(of: $0, sum.values, sum.name) }
        case .scalar(let scalar)? where scalar.number != nil:
            let value = scalar.number ?? .nan
            let count = normalized.series[0].values.count
            return normalized.series.map {
                share(of: $0, Array(repeating: value, count: max(count, 0)), scalar.text)
            }
        case .scalar(GraphScalar.none)?, nil:
            let sum = Aggregation.sum.rows(of: normalized.columns, xFilesFactor: 0)
            let name = "sumSeries(\(Combining.paths(of: normalized.series)))"
            return normalized.series.map { share(of: $0, sum, name) }
        default:
            throw arguments.refusal("`total` must be series or a number")
        }
    }

    private static func percent(_ value: Double, _ total: Double) -> Double {
        PythonMath.quotient(value, total) * 100
    }

    private func share(of series: GraphSeries, _ total: [Double], _ name: String) -> GraphSeries {
        GraphSeries(
            name: "asPercent(\(series.name),\(name))", start: series.start, end: series.end, step: series.step,
            values: GraphFunctions.zipped(series.values, total, Self.percent), xFilesFactor: context.xFilesFactor)
    }

    /// Each with its own total, both sides in the order of their names.
    private func pairwise(_ totals: [GraphSeries]) throws(TelemetryProblem) -> [GraphSeries] {
        func byName(_ left: GraphSeries, _ right: GraphSeries) -> Bool {
            left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        var result: [GraphSeries] = []
        for (one, total) in zip(list.sorted(by: byName), totals.sorted(by: byName)) {
            result.append(try share(of: one, total))
        }
        return result
    }

    private func share(of one: GraphSeries, _ total: GraphSeries) throws(TelemetryProblem) -> GraphSeries {
        let pair = try Combining.normalize([one, total])
        let values = pair.map { GraphFunctions.zipped($0.series[0].values, $0.series[1].values, Self.percent) } ?? []
        return GraphSeries(
            name: "asPercent(\(one.name),\(total.name))", start: pair?.start ?? 0, end: pair?.end ?? 0,
            step: pair?.step ?? 1, values: values, xFilesFactor: context.xFilesFactor)
    }

    private func byNodes() throws(TelemetryProblem) -> [GraphSeries] {
        let groups = Combining.group(list) { Combining.key(of: $0, nodes) }
        var keys = groups.map(\.key)
        var totals: [String: GraphSeries] = [:]
        switch total {
        case .scalar(GraphScalar.none)?, nil:
            for group in groups { totals[group.key] = try sum(group.series) }
        case .list(let given)?:
            for group in Combining.group(given, by: { Combining.key(of: $0, nodes) }) {
                if !keys.contains(group.key) { keys.append(group.key) }
                totals[group.key] = try sum(group.series)
            }
        default: throw arguments.refusal("`total` must be series or nothing when nodes are given")
        }
        let members = Dictionary(groups.map { ($0.key, $0.series) }, uniquingKeysWith: { first, _ in first })
        var result: [GraphSeries] = []
        for key in keys {
            guard let series = members[key] else {
                if let total = totals[key] { result.append(missing(total, "asPercent(MISSING,\(total.name))")) }
                continue
            }
            for one in series {
                if let total = totals[key] {
                    result.append(try share(of: one, total))
                } else {
                    result.append(missing(one, "asPercent(\(one.name),MISSING)"))
                }
            }
        }
        return result
    }

    private func missing(_ series: GraphSeries, _ name: String) -> GraphSeries {
        GraphSeries(
            name: name, start: series.start, end: series.end, step: series.step,
            values: Array(repeating: .nan, count: series.values.count), xFilesFactor: context.xFilesFactor)
    }

    private func sum(_ series: [GraphSeries]) throws(TelemetryProblem) -> GraphSeries? {
        guard series.count > 1, let all = try Combining.normalize(series) else { return series.first }
        return GraphSeries(
            name: "sumSeries(\(Combining.paths(of: series)))", start: all.start, end: all.end, step: all.step,
            values: Aggregation.sum.rows(of: all.columns, xFilesFactor: 0), xFilesFactor: context.xFilesFactor)
    }
}
