import Core
import Logs
import NIOCore
import NIOPosix
import Synchronization
import Telemetry
package import Wire

/// A host's log lines on their way from the buffer on its disk to the server.
package final class LogOutbox: Sendable {
    private struct State {
        var spool: LogSpool?
        /// nil: nobody takes batches.
        var signal: AsyncStream<Void>.Continuation?
        /// Counts connections.
        var connection = 0
        /// The last batch that went over this connection.
        var last: UInt64 = 0
        /// Numbers that went over this connection and are not acknowledged.
        var inFlight: [UInt64] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// From now on batches are taken from this buffer; nil: there is none.
    func open(_ spool: LogSpool?) {
        state.withLock { state in
            state.spool = spool
            state.last = 0
            state.inFlight = []
        }
        wake()
    }

    /// There may be something to send.
    func wake() { state.withLock { $0.signal }?.yield() }

    /// Begins a connection: everything that is not acknowledged is sent, perhaps again. The stream has an element
    /// when there may be something to send.
    func connect() -> AsyncStream<Void> {
        let (stream, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.signal = signal
            state.last = 0
            state.inFlight = []
            state.connection += 1
            return state.connection
        }
        signal.onTermination = { [weak self] _ in
            self?.state.withLock { if $0.connection == number { $0.signal = nil } }
        }
        signal.yield()
        return stream
    }

    /// Whether batches are taken now.
    var isConnected: Bool { state.withLock { $0.signal != nil } }

    /// The next batch; nil: there is none now, or enough are on their way.
    package func next() async throws -> LogParcel? {
        let (spool, last, isFull) = state.withLock {
            ($0.spool, $0.last, $0.inFlight.count >= AgentProtocol.logsInFlightMax)
        }
        guard let spool, !isFull else { return nil }
        // It waits for the disk.
        let parcel = try await NIOThreadPool.singleton.runIfActive { () throws -> LogSpool.Parcel? in
            do throws(TelemetryProblem) { return try spool.next(after: last) } catch {
                throw Problem(error.code, error.sentence, cause: error.cause, remedy: error.remedy)
            }
        }
        guard let parcel else { return nil }
        let isOurs = state.withLock { state in
            guard state.spool === spool else { return false }
            state.last = parcel.number
            state.inFlight.append(parcel.number)
            return true
        }
        guard isOurs else { return nil }
        return LogParcel(number: parcel.number, buffer: spool.identity, bytes: ByteBuffer(bytes: parcel.bytes))
    }

    package func acknowledge(_ number: UInt64) {
        let spool = state.withLock { state in
            state.inFlight.removeAll { $0 <= number }
            return state.spool
        }
        spool?.acknowledge(number)
        wake()
    }
}
