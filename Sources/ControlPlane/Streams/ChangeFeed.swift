import Core
import Synchronization
package import Wire

/// Tells readers that something has changed. What has changed meanwhile is told together, so a
/// slow reader costs nothing.
package final class ChangeFeed: Sendable {
    private struct State {
        var sequence: Int64 = 0
        var pending = ChangeEvent(sequence: 0, at: Instant(milliseconds: 0), desiredRevision: 0, liveRevision: 0)
        var last: ChangeEvent?
        var readers: [Int: AsyncStream<ChangeEvent>.Continuation] = [:]
        var nextReader = 0
    }

    private let state = Mutex(State())

    func note(_ happening: Orchestrator.Happening) {
        state.withLock { state in
            switch happening {
            case .executionStarted(let id, let app, _), .executionChanged(let id, let app, _):
                state.pending.executions.append(ExecutionID(checked: "\(id)"))
                state.pending.apps.append(app)
            case .stepChanged(let id, _), .trafficChanged(let id, _), .trafficCounted(let id, _):
                state.pending.executions.append(ExecutionID(checked: "\(id)"))
            case .hostChanged(let host, _), .liveChanged(let host), .balancerRefused(let host, _, _):
                state.pending.hosts.append(host)
            case .rolledBackAutomatically(let app, _, _, _), .planRefused(let app, _): state.pending.apps.append(app)
            case .blind, .sightRegained: break
            }
        }
    }

    func publish(at now: Instant, desired: Int64, live: Int64) {
        state.withLock { state in
            var event = state.pending
            state.sequence += 1
            event.sequence = state.sequence
            event.at = now
            event.desiredRevision = desired
            event.liveRevision = live
            event.apps = Array(Set(event.apps)).sorted()
            event.hosts = Array(Set(event.hosts)).sorted()
            event.executions = Array(Set(event.executions)).sorted()
            state.pending = ChangeEvent(sequence: 0, at: now, desiredRevision: desired, liveRevision: live)
            for reader in state.readers.values { reader.yield(event) }
        }
    }

    /// Changes from now on. A reader that falls behind is given the newest.
    package func stream() -> AsyncStream<ChangeEvent> {
        let (stream, continuation) = AsyncStream<ChangeEvent>.makeStream(bufferingPolicy: .bufferingNewest(8))
        let number = state.withLock { state in
            state.nextReader += 1
            state.readers[state.nextReader] = continuation
            return state.nextReader
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.readers.removeValue(forKey: number) }
        }
        return stream
    }
}
