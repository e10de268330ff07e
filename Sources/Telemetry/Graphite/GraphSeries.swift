/// One series as a Graphite expression gives it: its values, its tags, and how it is to be drawn.
///
/// Unlike a `SeriesWindow` it has an end of its own, because Graphite's functions may give more or fewer
/// values than fit between start and end: then only as many count as fit (`pointCount`).
package struct GraphSeries: Sendable {
    /// What it is called in the answer.
    package var name: String
    /// The time of the first value, in seconds since 1970.
    package var start: Int64
    /// No value counts whose time is later.
    package var end: Int64
    /// Seconds between two values, at least 1.
    package var step: Int64
    /// NaN where there is no value.
    package var values: [Double]
    /// How its points are made into fewer.
    package var consolidation: GraphConsolidation = .average
    /// How many values become one point of the answer.
    package var valuesPerPoint = 1
    /// The least share of values that must be there for a consolidated one, 0…1.
    package var xFilesFactor: Double
    /// The expression that it was made of: what aggregating functions name their result after.
    package var pathExpression: String
    package var tags: GraphTags
    package var style = GraphStyle()

    package init(
        name: String, start: Int64, end: Int64, step: Int64, values: [Double], xFilesFactor: Double = 0,
        pathExpression: String? = nil, tags: GraphTags? = nil
    ) {
        self.name = name
        self.start = start
        self.end = end
        self.step = step
        self.values = values
        self.xFilesFactor = xFilesFactor
        self.pathExpression = pathExpression ?? name
        self.tags = tags ?? GraphTags(parsing: name)
    }

    /// What is drawn: consolidated as `valuesPerPoint` says, cut at the end.
    package var window: SeriesWindow {
        let points = consolidated(by: valuesPerPoint)
        let count = min(points.count, pointCount(step: step * Int64(valuesPerPoint)))
        return SeriesWindow(
            name: name, start: start, step: step * Int64(valuesPerPoint),
            values: count == points.count ? points : Array(points[..<count]),
            consolidation: consolidation.telemetry, xFilesFactor: xFilesFactor)
    }

    /// How many points at `step` fit between start and end, both included.
    package func pointCount(step: Int64) -> Int {
        end < start || step < 1 ? 0 : Int((end - start) / step) + 1
    }
}

/// Graphite's names for consolidating, one more than Telemetry's: `avg_zero` takes what is missing as zero.
package enum GraphConsolidation: String, CaseIterable, Sendable {
    case average, sum, min, max, last, first
    case averageZero = "avg_zero"

    /// `avg` is another name for `average`.
    package init?(graphiteName name: String) {
        self.init(rawValue: name == "avg" ? "average" : name)
    }

    /// The nearest that the store knows.
    var telemetry: Consolidation { Consolidation(rawValue: rawValue) ?? .average }
}
