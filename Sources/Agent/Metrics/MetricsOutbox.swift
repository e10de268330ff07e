import Synchronization
import Wire

/// What the host has measured, kept until the server has it: in memory, because the next measurement is
/// seconds away, and bounded, because a server may be away for days.
package final class MetricsOutbox: Sendable {
    package struct Parcel: Sendable {
        package var sequence: UInt64
        package var bytes: [UInt8]
    }

    /// Parcels that are on their way at once.
    private static let parcelsInFlightMax = 16

    private struct State {
        /// In the order of their numbers.
        var parcels: [Parcel] = []
        var bytes = 0
        var lastSequence: UInt64 = 0
        var dropped = 0
    }

    private let bytesMax: Int
    private let state = Mutex(State())
    private let signal: AsyncStream<Void>.Continuation
    /// Has an element after something was added. For one reader.
    let added: AsyncStream<Void>

    package init(bytesMax: Int = 64 << 20) {
        self.bytesMax = bytesMax
        (added, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Parcels that had to go before the server had them.
    package var droppedCount: Int { state.withLock { $0.dropped } }

    package func add(_ bytes: [UInt8]) {
        precondition(bytes.count <= AgentProtocol.metricsBytesMax, "a parcel fits a frame")
        state.withLock { state in
            state.lastSequence += 1
            state.parcels.append(Parcel(sequence: state.lastSequence, bytes: bytes))
            state.bytes += bytes.count
            while state.bytes > bytesMax {
                state.bytes -= state.parcels.removeFirst().bytes.count
                state.dropped += 1
            }
        }
        signal.yield()
    }

    /// The oldest parcels that are not acknowledged and have a higher number.
    package func parcels(after sequence: UInt64) -> [Parcel] {
        state.withLock { $0.parcels.prefix(Self.parcelsInFlightMax).filter { $0.sequence > sequence } }
    }

    package func acknowledge(_ sequence: UInt64) {
        state.withLock { state in
            guard let index = state.parcels.firstIndex(where: { $0.sequence == sequence }) else { return }
            state.bytes -= state.parcels.remove(at: index).bytes.count
        }
    }
}
