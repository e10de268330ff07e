/// What functions that make one series of several have in common.
enum Combining {
    /// Series brought to one step: their values are consolidated, their own step stays what it was, because
    /// that is how Graphite hands them on.
    struct Normalized {
        var series: [GraphSeries]
        var start: Int64
        var end: Int64
        var step: Int64

        var columns: [[Double]] { series.map(\.values) }
    }

    /// Nil if there is no series.
    static func normalize(_ series: [GraphSeries]) throws(TelemetryProblem) -> Normalized? {
        guard let first = series.first else { return nil }
        var step = first.step
        var start = first.start
        var end = first.end
        for one in series.dropFirst() {
            if one.step != step { step = try commonStep(step, one.step) }
            start = min(start, one.start)
            end = max(end, one.end)
        }
        end -= (end - start) % step
        var result = series
        for index in result.indices where result[index].step != step {
            result[index].values = result[index].consolidated(by: Int(step / result[index].step))
        }
        return Normalized(series: result, start: start, end: end, step: step)
    }

    /// The least common multiple.
    private static func commonStep(_ left: Int64, _ right: Int64) throws(TelemetryProblem) -> Int64 {
        var (divisor, rest) = (left, right)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        let (product, isOver) = (left / divisor).multipliedReportingOverflow(by: right)
        guard !isOver, product < 1 << 40 else {
            throw TelemetryProblem(
                "graph.steps-unfit", "The series were not combined.",
                cause: "Steps of \(left) and \(right) seconds have no common one.",
                remedy: "Bring them to one step with `summarize` first.")
        }
        return product
    }

    /// The expressions that series were made of, each once.
    static func paths(of series: [GraphSeries]) -> String {
        var seen: Set<String> = []
        var paths: [String] = []
        for one in series where paths.last != one.pathExpression && seen.insert(one.pathExpression).inserted {
            paths.append(one.pathExpression)
        }
        return paths.joined(separator: ",")
    }

    /// One series of all, called after the function and the expressions; nothing if there is no series.
    static func aggregate(
        _ series: [GraphSeries], _ name: String, _ context: GraphContext, xFilesFactor: Double? = nil
    ) throws(TelemetryProblem) -> GraphSeries? {
        let name = name.hasSuffix("Series") ? String(name.dropLast(6)) : name
        guard let aggregation = Aggregation.named(name), let normalized = try normalize(series) else { return nil }
        let factor = xFilesFactor ?? context.xFilesFactor
        let values = aggregation.rows(of: normalized.columns, xFilesFactor: factor)
        let called = "\(name)Series(\(paths(of: normalized.series)))"
        var tags = normalized.series[0].tags
        for one in normalized.series.dropFirst() {
            tags = tags.common(with: one.tags)
            if tags.pairs.isEmpty { break }
        }
        if tags["name"] == nil { tags["name"] = called }
        tags["aggregatedBy"] = name
        return GraphSeries(
            name: called, start: normalized.start, end: normalized.end, step: normalized.step, values: values,
            xFilesFactor: factor, tags: tags)
    }

    /// A node of the path by its number, or a tag by its name; empty if there is none.
    static func part(_ node: GraphScalar, of series: GraphSeries, _ path: String) -> String {
        if case .integer(let number) = node {
            let nodes = path.prefix { $0 != ";" }.split(separator: ".", omittingEmptySubsequences: false)
            let index = number < 0 ? nodes.count + number : number
            if nodes.indices.contains(index) { return String(nodes[index]) }
        }
        return series.tags[node.text] ?? ""
    }

    /// Nodes and tags joined by dots. Of a series that a function has named, the first path in it counts.
    static func key(of series: GraphSeries, _ nodes: [GraphScalar]) -> String {
        let path = series.name.hasSuffix(")") ? ExpressionParser.firstPath(in: series.name) : nil
        return nodes.map { part($0, of: series, path ?? series.name) }.joined(separator: ".")
    }

    /// Series under keys, in the order in which the keys came.
    static func group(
        _ series: [GraphSeries], by key: (GraphSeries) -> String
    ) -> [(key: String, series: [GraphSeries])] {
        var places: [String: Int] = [:]
        var groups: [(key: String, series: [GraphSeries])] = []
        for one in series {
            let key = key(one)
            if let place = places[key] {
                groups[place].series.append(one)
            } else {
                places[key] = groups.count
                groups.append((key, [one]))
            }
        }
        return groups
    }

    /// The first series that a function or an aggregation makes of a group.
    static func call(
        _ name: String, _ lists: [[GraphSeries]], _ context: GraphContext
    ) throws(TelemetryProblem) -> GraphSeries? {
        guard let function = GraphFunctions.named(name) else {
            return try aggregate(lists.flatMap { $0 }, name, context)
        }
        guard case .series(let body) = function.body else {
            throw TelemetryProblem(
                "graph.function-unfit", "The series were not combined.",
                cause: "`\(name)` does not make one series of several.", remedy: "Name `sum` or another aggregation.")
        }
        return try body(GraphArguments(function, lists.map { .list($0) }, []), context).first
    }
}
