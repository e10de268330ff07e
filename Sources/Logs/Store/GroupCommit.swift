import Synchronization
import Telemetry

/// Makes a log safe for all who wait for it at once: they share one sync, and wait without holding a thread.
final class GroupCommit: Sendable {
    private typealias Waiter = (position: WriteAheadLog.Position, resume: CheckedContinuation<FileFault?, Never>)

    private struct State {
        var waiting: [Waiter] = []
        var isRunning = false
    }

    private let log: WriteAheadLog
    private let state = Mutex(State())

    init(_ log: WriteAheadLog) { self.log = log }

    /// Returns when everything up to `position` outlasts a loss of power.
    func wait(for position: WriteAheadLog.Position) async throws(FileFault) {
        let fault = await withCheckedContinuation { resume in
            let leads = state.withLock { state in
                state.waiting.append((position, resume))
                defer { state.isRunning = true }
                return !state.isRunning
            }
            if leads { Task.detached { self.run() } }
        }
        if let fault { throw fault }
    }

    private func run() {
        while true {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isRunning = false }
                return state.waiting
            }
            guard let last = waiting.map(\.position).max() else { return }
            var fault: FileFault?
            do throws(FileFault) { try log.sync(through: last) } catch { fault = error }
            for waiter in waiting { waiter.resume.resume(returning: fault) }
        }
    }
}
