import Synchronization

/// Tells waiters that a number (a store's revision, a log's sequence) has risen.
///
/// Watches pull: they read from the database when the number is above what they have read, and
/// wait here otherwise. So a slow reader costs nobody memory, and misses nothing.
final class RevisionSignal: Sendable {
    private struct State {
        var current: Int64
        var isClosed = false
        var nextWaiter = 0
        var waiters: [Int: (after: Int64, continuation: CheckedContinuation<Bool, Never>)] = [:]
    }

    private let state: Mutex<State>

    init(_ current: Int64) { state = Mutex(State(current: current)) }

    var current: Int64 { state.withLock { $0.current } }

    func raise(to number: Int64) {
        let ready = state.withLock { state in
            state.current = max(state.current, number)
            let current = state.current
            let ready = state.waiters.filter { $0.value.after < current }
            for id in ready.keys { state.waiters[id] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume(returning: true) }
    }

    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters.values.map(\.continuation)
        }
        for continuation in waiters { continuation.resume(returning: false) }
    }

    /// - Returns: true once the number is above `number`; false when closed or cancelled.
    func wait(above number: Int64) async -> Bool {
        let id = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.isClosed || Task.isCancelled { return false }
                    if state.current > number { return true }
                    state.waiters[id] = (number, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
            waiter?.continuation.resume(returning: false)
        }
    }
}
