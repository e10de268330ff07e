/// All functions, by name and in the order of their groups.
package enum GraphFunctions {
    package static let all: [GraphFunction] =
        combining + wildcards + pairing + grouping + transforming + counting + spacing + summarizing + shifting
        + moving + calculating + forecasting + filtering + filteringData + sorting + naming + substituting + legends
        + drawing + making

    private static let index: [String: GraphFunction] = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    package static func named(_ name: String) -> GraphFunction? { index[name] }
}
