/// A target of Graphite's render API, read: `alias(sumSeries(a.*),"x")`.
package indirect enum GraphExpression: Hashable, Sendable {
    /// A pattern of paths, or `name;tag=value`, with `$variables` in it.
    case path(String)
    case scalar(GraphScalar)
    case call(GraphCallExpression)
    /// `template(expression, name="value", …)`: variables for what is inside.
    case template(GraphExpression, [GraphVariable])
}

/// A call, nested or piped.
package struct GraphCallExpression: Hashable, Sendable {
    package var function: String
    package var arguments: [GraphExpression]
    package var keywords: [GraphKeyword]
    /// What the user wrote, without what was piped in.
    package var source: String
    /// Where it begins, in bytes.
    package var position: Int
}

package struct GraphKeyword: Hashable, Sendable {
    package var name: String
    package var value: GraphExpression
}

/// A variable of a template. Those given without a name are called `1`, `2`, …
package struct GraphVariable: Hashable, Sendable {
    package var name: String
    package var value: GraphScalar
}
