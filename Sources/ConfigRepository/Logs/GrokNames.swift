/// Names that grok patterns use of one another.
enum GrokNames {
    /// Of a file of patterns those that the patterns need, and those that these need.
    static func reached(from patterns: [String], in definitions: [String: String]) -> [String: String] {
        var reached: [String: String] = [:]
        var waiting = patterns
        while let pattern = waiting.popLast() {
            for name in names(in: pattern) where reached[name] == nil {
                guard let definition = definitions[name] else { continue }
                reached[name] = definition
                waiting.append(definition)
            }
        }
        return reached
    }

    /// `%{NAME}` and `%{NAME:field}`
    private static func names(in pattern: String) -> [String] {
        pattern.split(separator: "%{").dropFirst(pattern.hasPrefix("%{") ? 0 : 1)
            .map { String($0.prefix { $0 != "}" && $0 != ":" }) }
    }
}
