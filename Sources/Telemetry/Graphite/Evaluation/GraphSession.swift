/// One request: where its series come from, what it has read already, and what it has spent.
final class GraphSession {
    let source: any SeriesSource
    let events: [GraphEvent]
    let limits: GraphLimits
    /// The variables that the request gives to templates.
    let variables: [GraphVariable]
    private var cache: [Key: [SeriesWindow]] = [:]
    private var nameCache: [String: [SeriesName]] = [:]
    private var pointsRead = 0
    private var callsMade = 0
    private var valuesMade = 0

    private struct Key: Hashable {
        var pattern: String
        var start: Int64
        var end: Int64
    }

    init(source: any SeriesSource, events: [GraphEvent], limits: GraphLimits, variables: [GraphVariable]) {
        self.source = source
        self.events = events
        self.limits = limits
        self.variables = variables
    }

    func countCall() throws(TelemetryProblem) {
        callsMade += 1
        guard callsMade <= limits.calls else {
            throw TelemetryProblem(
                "graph.too-many-calls", "The query was not evaluated.",
                cause: "It evaluates more than \(limits.calls) calls.",
                remedy: "Nest fewer functions that look back, such as `movingAverage` and `timeStack`.")
        }
    }

    /// Asks for `count` values that come from no store.
    func make(values count: Int64) throws(TelemetryProblem) {
        let (sum, isOver) = valuesMade.addingReportingOverflow(Int(clamping: max(0, count)))
        guard !isOver, sum <= limits.valuesMade else {
            throw TelemetryProblem(
                "graph.too-many-values", "The query was not evaluated.",
                cause: "A function makes \(count) values, and \(limits.valuesMade) are allowed.",
                remedy: "Ask for a shorter time or a larger step.")
        }
        valuesMade = sum
    }

    /// The series of a pattern or of `seriesByTag(…)`, whose text names them in results.
    func fetch(
        _ pattern: String, tagged conditions: [TagCondition]?, in context: GraphContext
    ) async throws(TelemetryProblem) -> [GraphSeries] {
        let key = Key(pattern: pattern, start: context.start, end: context.end)
        let windows: [SeriesWindow]
        if let known = cache[key] {
            windows = known
        } else {
            windows = try await read(pattern, conditions, context)
            cache[key] = windows
        }
        return windows.map { window in
            GraphSeries(
                name: window.name, start: window.start, end: window.end, step: window.step, values: window.values,
                xFilesFactor: context.xFilesFactor, pathExpression: pattern)
        }
    }

    /// The names that a pattern or conditions match, as many as are allowed.
    func names(_ pattern: String, _ conditions: [TagCondition]?) async throws(TelemetryProblem) -> [SeriesName] {
        if let known = nameCache[pattern] { return known }
        let names =
            if let conditions {
                try await source.names(where: conditions)
            } else {
                try await source.names(matching: pattern)
            }
        guard names.count <= limits.series else {
            throw TelemetryProblem(
                "graph.too-many-series", "The query was not evaluated.",
                cause: "`\(pattern.prefix(200))` matches \(names.count) series, and \(limits.series) are allowed.",
                remedy: "Write more of the path, or ask for a part of the series at a time.")
        }
        nameCache[pattern] = names
        return names
    }

    private func read(
        _ pattern: String, _ conditions: [TagCondition]?, _ context: GraphContext
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        guard context.end > context.start, context.end - context.start <= limits.span else {
            throw TelemetryProblem(
                "graph.span-invalid", "The query was not evaluated.",
                cause: "It asks for \(context.end - context.start) seconds of `\(pattern.prefix(200))`, and 1 to "
                    + "\(limits.span) are allowed.",
                remedy: "Ask for a shorter time, and look back less far.")
        }
        let names = try await names(pattern, conditions)
        guard let first = names.first else { return [] }
        var windows = try await windows([first], context)
        try spend(windows.reduce(0) { $0 + $1.values.count } * (names.count - 1), of: pattern)
        if names.count > 1 { windows += try await self.windows(Array(names.dropFirst()), context) }
        pointsRead += windows.reduce(0) { $0 + $1.values.count }
        return windows
    }

    func windows(_ names: [SeriesName], _ context: GraphContext) async throws(TelemetryProblem) -> [SeriesWindow] {
        try await source.windows(names, from: context.start, until: context.end, now: context.now)
    }

    /// Many series of one pattern made into one, some of them at a time, so that they are not all held at once.
    /// Nil if they are few, known already, or not alike in their times.
    func fold(
        _ pattern: String, _ name: String, in context: GraphContext
    ) async throws(TelemetryProblem) -> GraphSeries? {
        let together = 512
        guard let aggregation = Aggregation.named(name), context.end > context.start,
            context.end - context.start <= limits.span,
            cache[Key(pattern: pattern, start: context.start, end: context.end)] == nil
        else { return nil }
        let names = try await names(pattern, nil)
        guard names.count > 2 * together else { return nil }
        var partial: PartialAggregate?
        for start in stride(from: 0, to: names.count, by: together) {
            let part = try await windows(Array(names[start..<min(start + together, names.count)]), context)
            if partial == nil, let first = part.first {
                try spend(first.values.count * names.count, of: pattern)
                partial = PartialAggregate(aggregation, first)
            }
            guard partial?.add(part) ?? true else { return nil }
        }
        pointsRead += partial.map { $0.length * names.count } ?? 0
        return partial?.series(name, pattern, context.xFilesFactor)
    }

    /// Refuses what would read too much. The first series tells how many points the others have.
    private func spend(_ points: Int, of pattern: String) throws(TelemetryProblem) {
        guard pointsRead + points <= limits.points else {
            throw TelemetryProblem(
                "graph.too-many-points", "The query was not evaluated.",
                cause: "With `\(pattern.prefix(200))` it reads \(pointsRead + points) points, and \(limits.points) "
                    + "are allowed.",
                remedy: "Ask for a shorter time or fewer series.")
        }
    }
}
