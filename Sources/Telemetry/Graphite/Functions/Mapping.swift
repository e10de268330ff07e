/// What functions that change series one by one have in common.
extension GraphFunctions {
    /// A new series of other values: it has the tags and the times of the old one, but not how it was drawn.
    static func made(
        of series: GraphSeries, _ name: String, start: Int64? = nil, end: Int64? = nil, step: Int64? = nil,
        _ values: [Double], tag: (key: String, value: String)? = nil
    ) -> GraphSeries {
        var tags = series.tags
        if let tag { tags[tag.key] = tag.value }
        var result = GraphSeries(
            name: name, start: start ?? series.start, end: end ?? series.end, step: step ?? series.step,
            values: values, xFilesFactor: series.xFilesFactor, tags: tags)
        result.consolidation = series.consolidation
        return result
    }

    /// Each series with its values changed in place and the function around its name.
    static func changed(
        _ list: [GraphSeries], tag: (key: String, value: String)? = nil, name: (String) -> String,
        _ change: (inout [Double], GraphSeries) -> Void
    ) -> [GraphSeries] {
        list.map { series in
            var result = series
            if let tag { result.tags[tag.key] = tag.value }
            result.name = name(series.name)
            result.pathExpression = result.name
            change(&result.values, series)
            return result
        }
    }

    /// Each value by itself; what is missing stays missing.
    static func mapped(
        _ list: [GraphSeries], tag: (key: String, value: String)? = nil, name: (String) -> String,
        _ change: (Double) -> Double
    ) -> [GraphSeries] {
        changed(list, tag: tag, name: name) { values, _ in
            for index in values.indices { values[index] = change(values[index]) }
        }
    }

    /// A function of one list that gives each value by itself.
    static func mapping(
        _ name: String, _ summary: String, tag: String? = "1", _ change: @escaping @Sendable (Double) -> Double
    ) -> GraphFunction {
        GraphFunction(
            name, "Transform", summary, [.list],
            .series { (arguments, _) throws(TelemetryProblem) in
                mapped(arguments.list, tag: tag.map { (name, $0) }, name: { "\(name)(\($0))" }, change)
            })
    }
}
