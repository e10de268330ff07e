import Core
import Synchronization
package import Wire

/// Tells readers what has changed. What has changed since a reader was last told is told together,
/// a few times a second at most: a thousand changes cost a reader no more than one.
package final class ChangeFeed: Sendable {
    /// Subjects of one kind that an event names; with more of them it says that much has changed.
    static let subjectsMax = 200
    /// The least time between two events for one reader.
    private static let gap = Duration.milliseconds(200)

    fileprivate struct Reader {
        var pending: Changes?
        let wake: AsyncStream<Void>.Continuation
    }

    fileprivate struct State {
        var sequence: Int64 = 0
        var last = ChangeEvent(sequence: 0, at: Instant(milliseconds: 0), desiredRevision: 0, liveRevision: 0)
        var noted = Changes()
        var readers: [Int: Reader] = [:]
        var nextReader = 0
    }

    private let state = Mutex(State())

    func note(_ happening: Orchestrator.Happening) {
        state.withLock { state in
            switch happening {
            case .executionStarted(let id, let app, _), .executionChanged(let id, let app, _):
                state.noted.executions.insert(ExecutionID(checked: "\(id)"))
                state.noted.apps.insert(app)
            case .stepChanged(let id, _), .trafficChanged(let id, _), .trafficCounted(let id, _):
                state.noted.executions.insert(ExecutionID(checked: "\(id)"))
            case .hostChanged(let host, _), .liveChanged(let host), .balancerRefused(let host, _, _):
                state.noted.hosts.insert(host)
            case .rolledBackAutomatically(let app, _, _, _), .planRefused(let app, _): state.noted.apps.insert(app)
            case .blind, .sightRegained: break
            }
        }
    }

    /// What was noted is to be told.
    func publish(at now: Instant, desired: Int64, live: Int64) {
        state.withLock { state in
            state.sequence += 1
            state.last = ChangeEvent(
                sequence: state.sequence, at: now, desiredRevision: desired, liveRevision: live)
            let news = state.noted
            state.noted = Changes()
            state.tell(news)
        }
    }

    /// There is something new to see, of what was told before.
    func republish(at now: Instant) {
        state.withLock { state in
            state.sequence += 1
            state.last.sequence = state.sequence
            state.last.at = now
            state.tell(Changes(isEverything: true))
        }
    }

    /// Changes from now on.
    package func stream() -> AsyncStream<ChangeEvent> {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextReader += 1
            state.readers[state.nextReader] = Reader(pending: nil, wake: wake)
            return state.nextReader
        }
        wake.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.readers.removeValue(forKey: number) }
        }
        let turn = ReaderTurn(wakes)
        return AsyncStream {
            guard await turn.next(gap: Self.gap) else { return nil }
            return self.take(number)
        }
    }

    /// - Returns: everything that the reader has not been told.
    private func take(_ number: Int) -> ChangeEvent? {
        state.withLock { state in
            guard let changes = state.readers[number]?.pending.take() else { return nil }
            return changes.event(like: state.last)
        }
    }
}

extension ChangeFeed.State {
    fileprivate mutating func tell(_ news: Changes) {
        for number in readers.keys {
            let pending = readers[number]?.pending ?? Changes()
            readers[number]?.pending = pending.merged(with: news)
            readers[number]?.wake.yield()
        }
    }
}

/// When a reader is next told something.
private actor ReaderTurn {
    private var wakes: AsyncStream<Void>.AsyncIterator
    private var last: ContinuousClock.Instant?

    init(_ wakes: AsyncStream<Void>) { self.wakes = wakes.makeAsyncIterator() }

    /// - Returns: false at the end.
    func next(gap: Duration) async -> Bool {
        var iterator = wakes
        let isThere: Void? = await iterator.next(isolation: #isolation)
        wakes = iterator
        guard isThere != nil else { return false }
        if let last { try? await Task.sleep(until: last + gap) }
        last = .now
        return !Task.isCancelled
    }
}

/// Subjects of changes.
private struct Changes {
    var apps: Set<AppName> = []
    var hosts: Set<HostName> = []
    var executions: Set<ExecutionID> = []
    var isEverything = false

    func merged(with other: Changes) -> Changes {
        Changes(
            apps: apps.union(other.apps), hosts: hosts.union(other.hosts),
            executions: executions.union(other.executions), isEverything: isEverything || other.isEverything)
    }

    func event(like last: ChangeEvent) -> ChangeEvent {
        var event = last
        let counts = [apps.count, hosts.count, executions.count]
        guard !isEverything, counts.allSatisfy({ $0 <= ChangeFeed.subjectsMax }) else {
            event.isEverything = true
            return event
        }
        event.apps = apps.sorted()
        event.hosts = hosts.sorted()
        event.executions = executions.sorted()
        return event
    }
}
