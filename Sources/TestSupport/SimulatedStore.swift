package import Core

/// What the control plane has saved, in the order in which it saved it: what a new one starts from.
package struct SimulatedStore: Sendable {
    private var desired: DesiredModel?
    private var records: [InstanceKey: InstanceRecord] = [:]
    private var executions: [Int64: Execution] = [:]
    private var steps: [Int64: [Int: StepProgress]] = [:]
    package var joinedHosts: Set<HostName> = []
    package var releases: [Release] = []

    package init() {}

    package mutating func save(_ action: Orchestrator.Action) {
        switch action {
        case .saveDesired(let model): desired = model
        case .saveRecords(let changes): for (key, record) in changes { records[key] = record }
        case .saveExecution(let execution):
            // As in the real store: the plan as it began, and how it ended; steps are apart.
            if executions[execution.id] == nil { executions[execution.id] = execution }
            ends[execution.id] = execution
        case .saveStep(let execution, let progress): steps[execution, default: [:]][progress.step.id] = progress
        case .saveTraffic(let record): traffic[record.execution] = record
        case .send, .cancelOrder, .announce: break
        }
    }

    private var ends: [Int64: Execution] = [:]
    package private(set) var traffic: [Int64: TrafficRecord] = [:]

    package func hasRecord(_ key: InstanceKey) -> Bool { records[key] != nil }
    package func step(_ step: Int, of execution: Int64) -> StepProgress? { steps[execution]?[step] }

    package var memory: Orchestrator.Memory {
        var restored: [Execution] = []
        for (id, begun) in executions where ends[id]?.state.isEnded == false {
            var execution = begun
            execution.machine.restore(
                steps: (steps[id] ?? [:]).values.sorted { $0.step.id < $1.step.id }, state: ends[id]?.state ?? .running,
                problem: ends[id]?.machine.problem)
            restored.append(execution)
        }
        return Orchestrator.Memory(
            desired: desired, releases: releases, records: Array(records.values), joinedHosts: joinedHosts.sorted(),
            executions: restored, lastExecution: executions.keys.max() ?? 0,
            traffic: traffic.values.filter { $0.checkpoint != nil })
    }
}
