/// Where points go: the store, or a relay.
///
/// Names arrive as bytes, because that is how the wire has them, and are looked up without becoming strings.
/// What is not canonical or not allowed is refused and counted; a refusal is never fatal for the others.
package protocol PointSink: Sendable {
    /// The number of a series, made if it is new; nil if the name is refused or its source has too many.
    /// Numbers stay valid as long as the sink lives.
    func series(named name: Span<UInt8>, source: SourceName) -> SeriesID?

    /// Takes points in. When it returns, they are acknowledged: no crash loses them.
    func append(_ points: [SeriesPoint]) throws(TelemetryProblem)
}

/// A series of one store. Not stable over a restart.
package struct SeriesID: Hashable, Sendable {
    package var index: UInt32
    package init(index: UInt32) { self.index = index }
}

/// Who sends series: the one whose count is capped. `statsd`, `carbon`, `scrape:node`, `host:web-1`.
package struct SourceName: Hashable, Sendable {
    package var text: String
    package init(_ text: String) { self.text = text }
}

package struct SeriesPoint: Hashable, Sendable {
    package var series: SeriesID
    /// Seconds since 1970.
    package var time: Int64
    /// Finite.
    package var value: Double

    package init(series: SeriesID, time: Int64, value: Double) {
        self.series = series
        self.time = time
        self.value = value
    }
}
