/// What one request may cost. A request that would cost more is refused with what it asked for.
package struct GraphLimits: Hashable, Sendable {
    /// Series that one pattern may match.
    package var series = 50_000
    /// Points that one request may read.
    package var points = 100_000_000
    /// Values that a function may make out of nothing, as `time` and `constantLine` do.
    package var valuesMade = 20_000_000
    /// Calls that one request may evaluate; functions that look back evaluate what is in them again.
    package var calls = 20_000
    /// Seconds between the first and the last time.
    package var span: Int64 = 50 * 365 * 86400

    package init() {}
}
