import Synchronization

@testable import Telemetry

/// A sink that keeps what it gets, by name.
final class CollectingSink: PointSink {
    struct State {
        var names: [String] = []
        var numbers: [String: UInt32] = [:]
        var points: [String: [Int64: Double]] = [:]
        /// Who has asked for a series first.
        var sources: [String: String] = [:]
        var count = 0
        var refused = 0
    }

    let state = Mutex(State())
    let seriesMax: Int

    init(seriesMax: Int = .max) { self.seriesMax = seriesMax }

    func series(named name: Span<UInt8>, source: SourceName) -> SeriesID? {
        let text = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        return state.withLock { state in
            if let number = state.numbers[text] { return SeriesID(index: number) }
            guard state.names.count < seriesMax, (try? SeriesName(text))?.text == text else {
                state.refused += 1
                return nil
            }
            let number = UInt32(state.names.count)
            state.names.append(text)
            state.sources[text] = source.text
            state.numbers[text] = number
            return SeriesID(index: number)
        }
    }

    func append(_ points: [SeriesPoint]) throws(TelemetryProblem) {
        state.withLock { state in
            for point in points {
                state.points[state.names[Int(point.series.index)], default: [:]][point.time] = point.value
            }
            state.count += points.count
        }
    }

    /// The values of a series at a time.
    func values(at time: Int64) -> [String: Double] {
        state.withLock { $0.points.compactMapValues { $0[time] } }
    }
}
