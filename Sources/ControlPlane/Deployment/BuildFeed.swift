package import Core
import Synchronization
package import Wire

/// Builds of this run of the server, with their output.
package final class BuildFeed: Sendable {
    private struct Record {
        var view: BuildView
        var events: [BuildEvent] = []
        var readers: [Int: AsyncStream<BuildEvent>.Continuation] = [:]
    }

    private struct State {
        var records: [BuildID: Record] = [:]
        var order: [BuildID] = []
        var nextReader = 0
    }

    private static let recordsKept = 100
    private static let linesMax = 20_000

    private let state = Mutex(State())
    private let now: @Sendable () -> Instant

    init(now: @escaping @Sendable () -> Instant) { self.now = now }

    func begin(_ view: BuildView) {
        state.withLock { state in
            state.records[view.id] = Record(view: view)
            state.order.append(view.id)
            guard state.order.count > Self.recordsKept else { return }
            let oldest = state.order.removeFirst()
            for reader in state.records[oldest]?.readers.values.map({ $0 }) ?? [] { reader.finish() }
            state.records[oldest] = nil
        }
    }

    func output(_ line: String, of build: BuildID) {
        append(build) { record in
            record.events.count < Self.linesMax ? BuildEvent(sequence: 0, at: now(), kind: .output, line: line) : nil
        }
    }

    func end(_ build: BuildID, _ change: (inout BuildView) -> Void) {
        append(build) { record in
            change(&record.view)
            record.view.endedAt = now()
            return BuildEvent(sequence: 0, at: now(), kind: .ended, build: record.view)
        }
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
        let (stream, continuation) = AsyncStream<BuildEvent>.makeStream()
        let number: Int? = state.withLock { state in
            guard state.records[build] != nil else { return nil }
            for event in state.records[build]?.events ?? [] where event.sequence > after ?? 0 { continuation.yield(event) }
            if state.records[build]?.view.endedAt != nil {
                continuation.finish()
                return 0
            }
            state.nextReader += 1
            state.records[build]?.readers[state.nextReader] = continuation
            return state.nextReader
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.records[build]?.readers.removeValue(forKey: number) }
        }
        return stream
    }

    private func append(_ build: BuildID, _ body: (inout Record) -> BuildEvent?) {
        state.withLock { state in
            guard var record = state.records[build], var event = body(&record) else { return }
            event.sequence = Int64(record.events.count + 1)
            record.events.append(event)
            for reader in record.readers.values {
                reader.yield(event)
                if event.isLast { reader.finish() }
            }
            if event.isLast { record.readers = [:] }
            state.records[build] = record
        }
    }
}
