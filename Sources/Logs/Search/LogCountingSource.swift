package import Telemetry

/// A source that adds lines up itself, where they are, instead of giving them all away.
package protocol LogCountingSource: LogSource {
    /// Figures of the lines of the window but for those of `others`; nil if this cannot be said in the engine's language, and the lines
    /// are to be read.
    func sums(
        of aggregation: LogAggregation, _ filter: LogFilter, in window: LogWindow
    ) async throws(TelemetryProblem) -> [LogSum]?

    /// How many lines of each level there are in each span, as `LogLevelCounts` cuts them; nil as above.
    func levels(
        _ filter: LogFilter, in window: LogWindow, start: Int64, span: Int64
    ) async throws(TelemetryProblem) -> [LogLevelSum]?

    /// Where the other lines of the window are, if there are any.
    var others: (any LogSource)? { get }
}

/// The figures of one group, in a form that can be added to those of other lines.
package struct LogSum: Sendable {
    package enum Figure: Sendable {
        case lines(Int)
        /// `count` numbers.
        case numbers(count: Int, sum: Double, least: Double, greatest: Double)
        case quantiles(LogQuantiles)
        /// The different values.
        case values([[UInt8]])
    }

    /// A cell for each that lines are grouped by.
    package var key: [LogTable.Cell]
    /// One for each aggregate.
    package var figures: [Figure]
    /// How many lines there are in the group.
    package var lines = 0
}

package struct LogLevelSum: Hashable, Sendable {
    /// Where the span begins.
    package var time: Int64
    package var level: LogLevel
    package var count: Int
}
