import Synchronization

/// Events in their order, kept, and given to each reader from where it left off. Sequences count
/// from 1 without a gap.
final class EventLog<Event: Sendable>: Sendable {
    fileprivate struct State {
        var events: [Event] = []
        var readers: [Int: AsyncStream<Event>.Continuation] = [:]
        var nextReader = 0
        var isEnded = false
    }

    private let state = Mutex(State())

    /// - Parameters:
    ///   - isLast: whether streams end after it.
    ///   - make: makes the event from its sequence.
    func append(isLast: Bool = false, _ make: (Int64) -> Event) {
        // A reader's end calls back into this log: nobody is ended while the lock is held.
        let done = state.withLock { state -> [AsyncStream<Event>.Continuation] in
            guard !state.isEnded else { return [] }
            let event = make(Int64(state.events.count + 1))
            state.events.append(event)
            for reader in state.readers.values { reader.yield(event) }
            guard isLast else { return [] }
            return state.end()
        }
        for reader in done { reader.finish() }
    }

    /// Ends every stream.
    func end() {
        for reader in state.withLock({ $0.end() }) { reader.finish() }
    }

    var count: Int { state.withLock { $0.events.count } }

    /// Events behind the sequence, then those to come.
    func stream(after sequence: Int64) -> AsyncStream<Event> {
        let (stream, continuation) = AsyncStream<Event>.makeStream()
        let reader = state.withLock { state -> Int? in
            for event in state.events.dropFirst(Int(clamping: max(0, sequence))) { continuation.yield(event) }
            guard !state.isEnded else { return nil }
            state.nextReader += 1
            state.readers[state.nextReader] = continuation
            return state.nextReader
        }
        guard let reader else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.readers.removeValue(forKey: reader) }
        }
        return stream
    }
}

extension EventLog.State {
    fileprivate mutating func end() -> [AsyncStream<Event>.Continuation] {
        isEnded = true
        defer { readers = [:] }
        return Array(readers.values)
    }
}
