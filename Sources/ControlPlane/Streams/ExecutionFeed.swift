import Core
import Synchronization
package import Wire

/// The events of executions, kept while they may be asked for from the beginning.
package final class ExecutionFeed: Sendable {
    private struct Record {
        let log = EventLog<ExecutionEvent>()
        var output: [Int: [String]] = [:]
        var dropped: [Int: Int] = [:]
        var stepWords: [Int: String] = [:]
        var state: ExecutionState?
    }

    private static let outputLinesKept = 200
    private static let recordsKept = 50

    private let records = Mutex<[Int64: Record]>([:])

    func changed(_ execution: Execution, at now: Instant) {
        let log = update(execution.id) { record in
            guard record.state != execution.state else { return false }
            record.state = execution.state
            return true
        }
        log?.append(isLast: execution.state.isEnded) { sequence in
            ExecutionEvent(
                sequence: sequence, at: now, kind: .state, state: execution.state, problem: execution.machine.problem,
                traffic: execution.traffic.flatMap { $0.releases.isEmpty ? nil : $0 })
        }
    }

    func changed(_ progress: StepProgress, of execution: Int64, at now: Instant) {
        let word = progress.state.word
        let log = update(execution) { $0.stepWords.updateValue(word, forKey: progress.step.id) != word }
        var problem: Problem?
        if case .failed(let failure) = progress.state { problem = failure }
        log?.append { sequence in
            ExecutionEvent(
                sequence: sequence, at: now, kind: progress.state == .running ? .stepStarted : .stepEnded,
                step: progress.step.id, title: progress.step.title, stepState: StepView.State(progress.state),
                problem: problem, findings: progress.hold?.judgement?.lines)
        }
    }

    func output(_ line: String, step: Int, of execution: Int64, at now: Instant) {
        let log = update(execution) { record in
            record.output[step, default: []].append(line)
            if record.output[step, default: []].count > Self.outputLinesKept {
                record.output[step]?.removeFirst()
                record.dropped[step, default: 0] += 1
            }
            return true
        }
        log?.append { ExecutionEvent(sequence: $0, at: now, kind: .output, step: step, line: line) }
    }

    /// The last lines of a step's output, and how many came before them.
    package func output(of step: Int, in execution: Int64) -> (lines: [String], dropped: Int) {
        records.withLock { ($0[execution]?.output[step] ?? [], $0[execution]?.dropped[step] ?? 0) }
    }

    /// Events behind `after`, then those to come; ends with the execution.
    /// - Returns: nil when nothing is known of the execution since the start.
    package func stream(of execution: Int64, after: Int64?) -> AsyncStream<ExecutionEvent>? {
        records.withLock { $0[execution]?.log }?.stream(after: after ?? 0)
    }

    /// - Returns: the log to add to, if the change says that there is something to add.
    private func update(_ execution: Int64, _ change: (inout Record) -> Bool) -> EventLog<ExecutionEvent>? {
        records.withLock { records in
            var record = records[execution] ?? Record()
            let isNews = change(&record)
            records[execution] = record
            if records.count > Self.recordsKept {
                let ended = records.filter { $0.value.state?.isEnded == true }.keys.sorted()
                for id in ended.prefix(records.count - Self.recordsKept) { records[id] = nil }
            }
            return isNews ? record.log : nil
        }
    }
}
