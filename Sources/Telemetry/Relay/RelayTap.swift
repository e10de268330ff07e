internal import Synchronization

/// A sink that can tell what its series are called.
package protocol NamingSink: PointSink {
    /// Calls `body` with each point and its series' name, in order.
    func withNames(of points: [SeriesPoint], _ body: (SeriesPoint, UnsafeRawBufferPointer) -> Void)
}

/// Stands in front of the store: what the store has taken goes to the relays as well, each of which has its
/// patterns. Without a relay it costs a look at one number.
package final class RelayTap: PointSink {
    private struct State {
        var relays: [Relay] = []
        /// By series: the relays that it goes to, a bit each; `unknown` before it was looked at.
        var masks: [UInt16] = []
    }

    /// What one server may have.
    package static let relaysMax = 15
    private static let unknown: UInt16 = 1 << 15

    private let sink: any NamingSink
    private let clock: @Sendable () -> Int64
    private let isOn = Atomic(false)
    private let state = Mutex(State())

    /// - Parameter clock: milliseconds since 1970.
    package init(_ sink: any NamingSink, clock: @escaping @Sendable () -> Int64) {
        self.sink = sink
        self.clock = clock
    }

    /// Takes other relays, at most `relaysMax`.
    package func set(_ relays: [Relay]) {
        state.withLock { state in
            state.relays = Array(relays.prefix(Self.relaysMax))
            state.masks = []
        }
        isOn.store(!relays.isEmpty, ordering: .relaxed)
    }

    package func series(named name: Span<UInt8>, source: SourceName) -> SeriesID? {
        sink.series(named: name, source: source)
    }

    package func append(_ points: [SeriesPoint]) throws(TelemetryProblem) {
        try sink.append(points)
        if isOn.load(ordering: .relaxed) { pass(points) }
    }

    private func pass(_ points: [SeriesPoint]) {
        let now = clock()
        state.withLock { state in
            let wanted = points.filter { point in
                let index = Int(point.series.index)
                return index >= state.masks.count || state.masks[index] != 0
            }
            guard !wanted.isEmpty else { return }
            var records = [RelayRecord](repeating: RelayRecord(), count: state.relays.count)
            sink.withNames(of: wanted) { point, name in
                let mask = Self.mask(Int(point.series.index), name, &state)
                guard mask != 0 else { return }
                for index in records.indices where mask & 1 << UInt16(index) != 0 {
                    records[index].add(name, point)
                    guard records[index].isFull else { continue }
                    state.relays[index].take(records[index], at: now)
                    records[index] = RelayRecord()
                }
            }
            for (relay, record) in zip(state.relays, records) where record.count > 0 { relay.take(record, at: now) }
        }
    }

    private static func mask(_ index: Int, _ name: UnsafeRawBufferPointer, _ state: inout State) -> UInt16 {
        if index >= state.masks.count {
            state.masks += [UInt16](repeating: unknown, count: max(1024, index + 1 - state.masks.count))
        }
        if state.masks[index] == unknown {
            state.masks[index] = state.relays.enumerated().reduce(0) { mask, relay in
                relay.element.matches(name) ? mask | 1 << UInt16(relay.offset) : mask
            }
        }
        return state.masks[index]
    }
}

extension SeriesStore: NamingSink {
    package func withNames(of points: [SeriesPoint], _ body: (SeriesPoint, UnsafeRawBufferPointer) -> Void) {
        state.withLock { state in
            for point in points { state.table.names.bytes(of: point.series.index) { body(point, $0) } }
        }
    }
}
