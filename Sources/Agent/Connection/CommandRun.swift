import Core
import Wire

/// Carries out one command, within its time and until it is cancelled.
struct CommandRun: Sendable {
    private enum End: Sendable {
        case ended(Problem?)
        case timeUp
        case cancelled
    }

    let command: AgentCommand
    let cancelled: Signal
    let carryOut: @Sendable () async -> Problem?

    /// Returns only when the work has come to rest: work must heed its task's cancellation.
    ///
    /// Work that still succeeds when its time is up has succeeded: so `balance` ends when not
    /// every server drained in time.
    func outcome() async -> Problem? {
        await withTaskGroup(of: End.self) { group in
            group.addTask { .ended(await carryOut()) }
            group.addTask {
                try? await Task.sleep(for: .milliseconds(command.timeout.milliseconds))
                return .timeUp
            }
            group.addTask {
                await cancelled.wait()
                return .cancelled
            }
            var isTimeUp = false
            while let end = await group.next() {
                switch end {
                case .ended(let problem):
                    group.cancelAll()
                    return problem.map { isTimeUp ? timedOut($0) : $0 }
                case .timeUp:
                    isTimeUp = true
                    group.cancelAll()
                case .cancelled:
                    group.cancelAll()
                }
            }
            return nil
        }
    }

    private func timedOut(_ problem: Problem) -> Problem {
        Problem(
            "command.timed-out", "The command did not end within \(command.timeout).",
            cause: "\(problem.sentence) \(problem.cause)", remedy: problem.remedy)
    }
}
