/// All functions, by name and in the order of their groups.
package enum GraphFunctions {
    package static let all: [GraphFunction] =
        combining + naming + substituting

    private static let index: [String: GraphFunction] = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    package static func named(_ name: String) -> GraphFunction? { index[name] }
}
