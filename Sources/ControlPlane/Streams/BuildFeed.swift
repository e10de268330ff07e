package import Core
import Synchronization
package import Wire

/// Builds of this run of the server, with their output.
package final class BuildFeed: Sendable {
    private struct Record {
        var view: BuildView
        let log = EventLog<BuildEvent>()
    }

    private struct State {
        var records: [BuildID: Record] = [:]
        var order: [BuildID] = []
    }

    private static let recordsKept = 100
    private static let linesMax = 20_000

    private let state = Mutex(State())
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant) { self.now = now }

    func begin(_ view: BuildView) {
        let forgotten = state.withLock { state -> EventLog<BuildEvent>? in
            state.records[view.id] = Record(view: view)
            state.order.append(view.id)
            guard state.order.count > Self.recordsKept else { return nil }
            return state.records.removeValue(forKey: state.order.removeFirst())?.log
        }
        forgotten?.end()
    }

    func output(_ line: String, of build: BuildID) {
        guard let log = log(of: build), log.count < Self.linesMax else { return }
        log.append { BuildEvent(sequence: $0, at: now(), kind: .output, line: line) }
    }

    func end(_ build: BuildID, _ change: (inout BuildView) -> Void) {
        let view = state.withLock { state -> BuildView? in
            guard var view = state.records[build]?.view else { return nil }
            change(&view)
            view.endedAt = now()
            state.records[build]?.view = view
            return view
        }
        log(of: build)?.append(isLast: true) { BuildEvent(sequence: $0, at: now(), kind: .ended, build: view) }
    }

    package func view(_ build: BuildID) -> BuildView? { state.withLock { $0.records[build]?.view } }

    /// The build that runs for an app now.
    package func running(_ app: AppName) -> BuildView? {
        state.withLock { state in
            state.records.values.first { $0.view.app == app && $0.view.state == .running }?.view
        }
    }

    /// The build that made an execution's release.
    package func build(of execution: ExecutionID) -> BuildID? {
        state.withLock { state in state.records.values.first { $0.view.execution == execution }?.view.id }
    }

    package func stream(of build: BuildID, after: Int64?) -> AsyncStream<BuildEvent>? {
        log(of: build)?.stream(after: after ?? 0)
    }

    private func log(of build: BuildID) -> EventLog<BuildEvent>? { state.withLock { $0.records[build]?.log } }
}
