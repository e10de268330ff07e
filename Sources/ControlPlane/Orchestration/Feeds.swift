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
            case .stepChanged(let id, _): state.pending.executions.append(ExecutionID(checked: "\(id)"))
            case .hostChanged(let host, _), .liveChanged(let host), .balancerRefused(let host, _, _):
                state.pending.hosts.append(host)
            case .rolledBackAutomatically(let app, _, _, _): state.pending.apps.append(app)
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

/// The events of executions, kept while they may be asked for from the beginning.
package final class ExecutionFeed: Sendable {
    private struct Record {
        var events: [ExecutionEvent] = []
        var output: [Int: [String]] = [:]
        var dropped: [Int: Int] = [:]
        var stepWords: [Int: String] = [:]
        var state: ExecutionState?
        var readers: [Int: AsyncStream<ExecutionEvent>.Continuation] = [:]
    }

    private struct State {
        var records: [Int64: Record] = [:]
        var nextReader = 0
    }

    private static let outputLinesKept = 200
    private static let recordsKept = 50

    private let state = Mutex(State())

    func changed(_ execution: Execution, at now: Instant) {
        append(execution.id, at: now) { record in
            guard record.state != execution.state else { return nil }
            record.state = execution.state
            return ExecutionEvent(
                sequence: 0, at: now, kind: .state, state: execution.state, problem: execution.machine.problem)
        }
    }

    func changed(_ progress: StepProgress, of execution: Int64, at now: Instant) {
        append(execution, at: now) { record in
            let word = progress.state.word
            guard record.stepWords.updateValue(word, forKey: progress.step.id) != word else { return nil }
            var problem: Problem?
            if case .failed(let failure) = progress.state { problem = failure }
            return ExecutionEvent(
                sequence: 0, at: now, kind: progress.state == .running ? .stepStarted : .stepEnded, step: progress.step.id,
                title: progress.step.title, stepState: StepView.State(rawValue: word), problem: problem)
        }
    }

    func output(_ line: String, step: Int, of execution: Int64, at now: Instant) {
        append(execution, at: now) { record in
            record.output[step, default: []].append(line)
            if record.output[step, default: []].count > Self.outputLinesKept {
                record.output[step]?.removeFirst()
                record.dropped[step, default: 0] += 1
            }
            return ExecutionEvent(sequence: 0, at: now, kind: .output, step: step, line: line)
        }
    }

    /// The last lines of a step's output, and how many came before them.
    package func output(of step: Int, in execution: Int64) -> (lines: [String], dropped: Int) {
        state.withLock { state in
            (state.records[execution]?.output[step] ?? [], state.records[execution]?.dropped[step] ?? 0)
        }
    }

    /// Events behind `after`, then those to come; ends with the execution.
    /// - Returns: nil when nothing is known of the execution since the start.
    package func stream(of execution: Int64, after: Int64?) -> AsyncStream<ExecutionEvent>? {
        let (stream, continuation) = AsyncStream<ExecutionEvent>.makeStream()
        let number: Int? = state.withLock { state in
            guard var record = state.records[execution] else { return nil }
            for event in record.events where event.sequence > after ?? 0 { continuation.yield(event) }
            if record.state?.isEnded == true {
                continuation.finish()
                return 0
            }
            state.nextReader += 1
            record.readers[state.nextReader] = continuation
            state.records[execution] = record
            return state.nextReader
        }
        guard let number else { return nil }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.records[execution]?.readers.removeValue(forKey: number) }
        }
        return stream
    }

    private func append(_ execution: Int64, at now: Instant, _ body: (inout Record) -> ExecutionEvent?) {
        state.withLock { state in
            var record = state.records[execution] ?? Record()
            if let event = body(&record) {
                var event = event
                event.sequence = Int64(record.events.count + 1)
                record.events.append(event)
                for reader in record.readers.values { reader.yield(event) }
                if event.isLast {
                    for reader in record.readers.values { reader.finish() }
                    record.readers = [:]
                }
            }
            state.records[execution] = record
            guard state.records.count > Self.recordsKept else { return }
            let ended = state.records.filter { $0.value.state?.isEnded == true }.keys.sorted()
            for id in ended.prefix(state.records.count - Self.recordsKept) { state.records[id] = nil }
        }
    }
}
