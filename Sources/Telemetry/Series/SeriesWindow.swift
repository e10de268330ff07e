/// One series over a span of time at a regular step, as a query sees it.
package struct SeriesWindow: Hashable, Sendable {
    /// The series' name, or what a function calls its result.
    package var name: String
    /// The time of the first value, in seconds since 1970, a multiple of `step`.
    package var start: Int64
    /// Seconds between two values.
    package var step: Int64
    /// The value at `start + index * step`. NaN where there is none: NaN itself is never taken in.
    package var values: [Double]
    /// How its points are made into fewer.
    package var consolidation: Consolidation
    /// The least share of points that must be there for a consolidated one, 0…1.
    package var xFilesFactor: Double

    package init(
        name: String, start: Int64, step: Int64, values: [Double], consolidation: Consolidation = .average,
        xFilesFactor: Double = 0
    ) {
        self.name = name
        self.start = start
        self.step = step
        self.values = values
        self.consolidation = consolidation
        self.xFilesFactor = xFilesFactor
    }

    /// The end of the last value's step, in seconds since 1970.
    package var end: Int64 { start + step * Int64(values.count) }
}
