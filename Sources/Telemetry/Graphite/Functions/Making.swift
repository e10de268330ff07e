/// Series out of nothing.
extension GraphFunctions {
    /// A line of one value over the whole time.
    static func constantLine(_ value: GraphScalar, _ context: GraphContext) -> GraphSeries {
        let number = value.number ?? .nan
        return GraphSeries(
            name: value.text, start: context.start, end: context.end, step: max(1, (context.end - context.start) / 2),
            values: [number, number, number], xFilesFactor: context.xFilesFactor,
            pathExpression: "constantLine(\(value.text))")
    }
}
