package import Core

/// What the control plane has saved, in the order in which it saved it: what a new one starts from.
package struct SimulatedStore: Sendable {
    enum Answer: Sendable { case saved, failed, superseded }

    /// As in the real store: what is larger is saved in several transactions.
    private static let operationsMax = 128

    private var desired: DesiredModel?
    private var records: [InstanceKey: InstanceRecord] = [:]
    /// Each execution as it began; how it is now is apart, and so are its steps.
    private var begun: [Int64: Execution] = [:]
    private var ends: [Int64: Execution] = [:]
    private var steps: [Int64: [Int: StepProgress]] = [:]
    /// Executions that have not ended, by app.
    private(set) var open: [AppName: Set<Int64>] = [:]
    package private(set) var traffic: [Int64: TrafficRecord] = [:]
    package var joinedHosts: Set<HostName> = []
    package var releases: [Release] = []
    /// The run of the server that may write.
    var fence: Int64 = 1
    /// Operations that still succeed before the disk fails; nil: it does not fail.
    var operationsLeft: Int?
    package private(set) var failureCount = 0

    package init() {}

    /// Saves what actions change, in transactions that happen or do not.
    mutating func save(_ actions: [Orchestrator.Action], fence: Int64) -> Answer {
        let depends = actions.contains { if case .announce = $0 { false } else { true } }
        guard depends else { return .saved }
        // Also what saves nothing asks first whether it still leads, before it sends.
        guard fence == self.fence else { return .superseded }
        guard let left = operationsLeft else {
            for action in actions { save(action) }
            return .saved
        }
        let saving = actions.filter(Self.saves)
        guard saving.count > left else {
            operationsLeft = left - saving.count
            for action in saving { save(action) }
            return .saved
        }
        failureCount += 1
        operationsLeft = 0
        for action in saving.prefix(left / Self.operationsMax * Self.operationsMax) { save(action) }
        return .failed
    }

    private static func saves(_ action: Orchestrator.Action) -> Bool {
        switch action {
        case .saveRecords, .saveDesired, .saveExecution, .saveStep: true
        case .saveTraffic: true
        case .send, .cancelOrder, .announce: false
        }
    }

    private mutating func save(_ action: Orchestrator.Action) {
        switch action {
        case .saveDesired(let model): desired = model
        case .saveRecords(let changes): for (key, record) in changes { records[key] = record }
        case .saveExecution(let execution):
            // As in the real store: the plan as it began, and how it ended; steps are apart.
            if begun[execution.id] == nil { begun[execution.id] = execution }
            ends[execution.id] = execution
            if execution.state.isEnded {
                open[execution.app]?.remove(execution.id)
            } else {
                open[execution.app, default: []].insert(execution.id)
            }
        case .saveStep(let execution, let progress): steps[execution, default: [:]][progress.step.id] = progress
        case .saveTraffic(let record): traffic[record.execution] = record
        case .send, .cancelOrder, .announce: break
        }
    }

    package func hasRecord(_ key: InstanceKey) -> Bool { records[key] != nil }
    package func step(_ step: Int, of execution: Int64) -> StepProgress? { steps[execution]?[step] }
    package var endStates: [Int64: ExecutionState] { ends.mapValues(\.state) }

    package var memory: Orchestrator.Memory {
        var restored: [Execution] = []
        for (id, begun) in begun where ends[id]?.state.isEnded == false {
            var execution = begun
            execution.machine.restore(
                steps: (steps[id] ?? [:]).values.sorted { $0.step.id < $1.step.id }, state: ends[id]?.state ?? .running,
                problem: ends[id]?.machine.problem)
            restored.append(execution)
        }
        return Orchestrator.Memory(
            desired: desired, releases: releases, records: Array(records.values), joinedHosts: joinedHosts.sorted(),
            executions: restored, lastExecution: begun.keys.max() ?? 0,
            traffic: traffic.values.filter { $0.checkpoint != nil })
    }
}
