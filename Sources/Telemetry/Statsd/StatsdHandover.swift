internal import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// How two threads hand tallies to each other.
final class StatsdHandover: @unchecked Sendable {
    // Unchecked: all that changes is behind the mutex; the condition is the kernel's.

    private struct State {
        var spare: StatsdTally?
        var finished: (tally: StatsdTally, end: Int64)?
        var isStopping = false
        var hasEnded = false
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State
    private let waker: Poller.Waker
    private let milliseconds: Atomic<Int64>

    init(spare: StatsdTally, waker: Poller.Waker, intervalSeconds: Int64) {
        milliseconds = Atomic(intervalSeconds * 1000)
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        state = State(spare: spare)
        self.waker = waker
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Takes a full tally and returns an empty one; nil, and the full one stays, while there is none.
    func exchange(_ tally: StatsdTally, end: Int64) -> StatsdTally? {
        locked { state in
            guard state.finished == nil, let spare = state.spare.take() else { return nil }
            state.finished = (tally, end)
            pthread_cond_broadcast(condition)
            return spare
        }
    }

    /// The next tally to handle; waits for it. Nil at the end.
    func nextFinished() -> (StatsdTally, Int64)? {
        // Waiting lets others change the state, so no access to it may last over the wait.
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while state.finished == nil, !state.hasEnded { pthread_cond_wait(condition, mutex) }
        let finished = state.finished.take()
        pthread_cond_broadcast(condition)
        return finished
    }

    func giveBack(_ tally: StatsdTally) {
        locked { state in
            state.spare = tally
            wake(state)
        }
    }

    func stop() {
        locked { state in
            state.isStopping = true
            wake(state)
        }
    }

    /// The descriptor to wake with is closed soon after the end.
    private func wake(_ state: State) {
        if !state.hasEnded { waker.wake() }
    }

    /// How long intervals are, in milliseconds.
    var interval: Int64 { milliseconds.load(ordering: .relaxed) }

    /// Makes intervals longer or shorter, from the one on that is running.
    func setInterval(seconds: Int64) {
        milliseconds.store(seconds * 1000, ordering: .relaxed)
        locked { wake($0) }
    }

    var isStopping: Bool { locked { $0.isStopping } }

    /// Nothing more will be finished. The last tally waits until the one before is handled.
    func end(_ last: StatsdTally, end: Int64) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while state.finished != nil { pthread_cond_wait(condition, mutex) }
        state.finished = (last, end)
        state.hasEnded = true
        pthread_cond_broadcast(condition)
    }
}
