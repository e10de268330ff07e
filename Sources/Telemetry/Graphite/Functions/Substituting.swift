/// Names by regular expressions.
extension GraphFunctions {
    static let substituting: [GraphFunction] = [
        GraphFunction(
            "aliasSub", "Alias", "Replaces what a regular expression finds in names.",
            [.list, .required("search", .string), .required("replace", .string)],
            .series { (arguments, _) throws(TelemetryProblem) in
                let names = try substituted(arguments)
                return zip(arguments.list, names).map { series, name in
                    var copy = series
                    copy.name = name
                    return copy
                }
            }),
        GraphFunction(
            "grep", "Filter Series", "The series whose names a regular expression finds.",
            [.list, .required("pattern", .string)],
            .series { (arguments, _) throws(TelemetryProblem) in try kept(arguments, found: true) }),
        GraphFunction(
            "exclude", "Filter Series", "The series whose names a regular expression does not find.",
            [.list, .required("pattern", .string)],
            .series { (arguments, _) throws(TelemetryProblem) in try kept(arguments, found: false) }),
    ]

    /// The names of the series with `search` replaced.
    static func substituted(_ arguments: GraphArguments) throws(TelemetryProblem) -> [String] {
        let pattern = try BoundedPattern(arguments.text("search"))
        let replacement = try PatternReplacement(arguments.text("replace"), for: pattern)
        var matcher = PatternMatcher(pattern)
        var names: [String] = []
        for series in arguments.list { names.append(try matcher.replacing(in: series.name, by: replacement)) }
        return names
    }

    private static func kept(
        _ arguments: GraphArguments, found: Bool
    ) throws(TelemetryProblem) -> [GraphSeries] {
        var matcher = PatternMatcher(try BoundedPattern(arguments.text("pattern")))
        var kept: [GraphSeries] = []
        for series in arguments.list where try matcher.contains(series.name) == found { kept.append(series) }
        return kept
    }
}
