import Synchronization
import Telemetry

/// Takes points in and counts them: what is measured is statsd, not a store.
final class CountingSink: PointSink {
    private let series = Atomic<UInt32>(0)
    private let points = Atomic<Int>(0)

    var pointsTaken: Int { points.load(ordering: .relaxed) }

    func series(named name: Span<UInt8>, source: SourceName) -> SeriesID? {
        SeriesID(index: series.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    func append(_ points: [SeriesPoint]) throws(TelemetryProblem) {
        self.points.wrappingAdd(points.count, ordering: .relaxed)
    }
}
