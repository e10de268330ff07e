@testable import Telemetry

/// An aggregator with a sink, to ask what lines come to.
final class StatsdHarness {
    let sink: CollectingSink
    let tally: StatsdTally
    let aggregator: StatsdAggregator

    init(
        settings: StatsdSettings = StatsdSettings(), limits: StatsdLimits = StatsdLimits(), seriesMax: Int = .max
    ) {
        sink = CollectingSink(seriesMax: seriesMax)
        tally = StatsdTally(limits: limits, seed: 11)
        aggregator = StatsdAggregator(settings: settings, sink: sink, limits: limits, seed: 11)
    }

    func receive(_ text: String) { receive(Array(text.utf8)) }

    func receive(_ bytes: [UInt8]) { bytes.withUnsafeBytes { tally.receive($0) } }

    /// The points of an interval that ends at a time, without statsd's own.
    func flush(at time: Int64 = 1000) throws -> [String: Double] {
        try aggregator.flush(tally, at: time)
        tally.clear()
        return sink.values(at: time).filter { !$0.key.contains(".statsd.") && !$0.key.hasPrefix("statsd.") }
    }

    /// The points of some lines.
    static func points(of text: String, settings: StatsdSettings = StatsdSettings()) throws -> [String: Double] {
        let harness = StatsdHarness(settings: settings)
        harness.receive(text)
        return try harness.flush()
    }

    /// How many lines of a text are bad.
    static func badLines(_ text: String) -> UInt64 {
        let harness = StatsdHarness()
        harness.receive(text)
        return harness.tally.counts.badLines
    }
}
