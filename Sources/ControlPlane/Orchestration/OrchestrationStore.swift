package import Core
import FoundationEssentials

/// Keeps the loop's state in the state store, and brings it back after a start.
package struct OrchestrationStore: Sendable {
    /// Bytes of one part of a value that may be larger than the store's limit for one.
    private static let partBytesMax = 512 << 10
    /// How many ended executions are kept.
    private static let executionsKept = 500

    static let supersededCode = "server.superseded"

    let store: any StateStore
    let releases: ReleaseStore
    /// Holds while no other server has begun with this state.
    private let leads: Comparison

    /// Takes the state over from whatever server had it.
    package init(store: any StateStore, releases: ReleaseStore, fence: Int64) async throws(Problem) {
        self.store = store
        self.releases = releases
        let key = try OrchestrationKeys.leader()
        leads = .modRevision(key.key, try await store.put(key, fence))
    }

    /// - Throws: `server.superseded` when another server leads.
    private func transact(_ operations: [Operation]) async throws(Problem) {
        let result = try await store.transact(StateTransaction(compare: [leads], success: operations))
        guard result.succeeded else {
            throw Problem(
                "server.superseded", "This server does not lead any more.",
                cause: "Another one has begun with the same state.", remedy: "Nothing needs to be done; this one ends.")
        }
    }

    /// Why this server may not go on; nil while it leads, or while that cannot be said.
    func supersession() async -> Problem? {
        do {
            try await transact([])
            return nil
        } catch {
            return error.code == Self.supersededCode ? error : nil
        }
    }

    /// Makes what the actions save durable: what belongs together in one transaction, as far as
    /// the store's limit for one allows.
    package func save(
        _ actions: [Orchestrator.Action], before: DesiredModel?, notifications: [NotificationQueue.Item] = []
    ) async throws(Problem) {
        var operations: [StateKey: Operation] = [:]
        var order: [StateKey] = []
        func add(_ operation: Operation, _ key: StateKey) {
            if operations.updateValue(operation, forKey: key) == nil { order.append(key) }
        }
        func put(_ key: StateKey, _ value: some Encodable) throws(Problem) {
            add(.put(key, try StateJSON.encode(value)), key)
        }
        // First: what needs more than one transaction is told of rather twice than not at all.
        for (key, operation) in try NotificationService.operations(notifications) { add(operation, key) }
        var known = before
        var traffic: [Int64: TrafficRecord] = [:]
        for action in actions {
            switch action {
            case .saveRecords(let changes):
                for (key, record) in changes {
                    let stateKey = try OrchestrationKeys.record(key)
                    if let record { try put(stateKey, record) } else { add(.delete(stateKey), stateKey) }
                }
            case .saveDesired(let model):
                if known?.configuration != model.configuration { try await saveConfiguration(model.configuration) }
                known = model
                try put(OrchestrationKeys.desired(), DesiredHead(model))
            case .saveExecution(let execution):
                if execution.machine.steps.allSatisfy({ $0.attempt <= 1 && $0.state == .waiting }) {
                    let data = try StateJSON.encode(execution)
                    for (part, bytes) in Self.parts(of: data).enumerated() {
                        let key = try OrchestrationKeys.executionPart(execution.id, part)
                        add(.put(key, bytes), key)
                    }
                }
                let end = ExecutionEnd(
                    state: execution.state, endedAt: execution.endedAt, problem: execution.machine.problem)
                try put(OrchestrationKeys.executionEnd(execution.id), end)
            case .saveStep(let execution, let progress):
                try put(OrchestrationKeys.step(execution, progress.step.id), SavedStep(progress))
            case .saveTraffic(let record): traffic[record.execution] = record
            case .send, .cancelOrder, .announce: break
            }
        }
        for record in traffic.values {
            for (key, operation) in try Self.operations(saving: record) { add(operation, key) }
        }
        for start in stride(from: 0, to: order.count, by: StateLimits.operationsMax) {
            let keys = order[start..<min(start + StateLimits.operationsMax, order.count)]
            try await transact(keys.compactMap { operations[$0] })
        }
        // What is only sent is sent by the server that leads, too.
        if order.isEmpty, actions.contains(where: \.isSent) { try await transact([]) }
        if let model = known, model.configuration.commit != before?.configuration.commit {
            try await forgetConfigurations(but: model.configuration.commit)
        }
    }

    func load() async throws(Problem) -> Orchestrator.Memory {
        var memory = Orchestrator.Memory()
        if let head = try await store.get(OrchestrationKeys.desired(), as: DesiredHead.self) {
            memory.desired = try await desiredModel(head)
        }
        memory.records = try await store.values(.prefix("records/"), as: InstanceRecord.self)
        memory.joinedHosts = try await store.values(.prefix("hosts/"), as: HostName.self)
        for id in try await executionNumbers(limit: .max) {
            memory.lastExecution = max(memory.lastExecution, id)
            let end = try await store.get(OrchestrationKeys.executionEnd(id), as: ExecutionEnd.self)
            if end?.state.isEnded == false, let execution = try await execution(id) {
                memory.executions.append(execution)
            }
        }
        memory.traffic = try await checkpoints()
        var apps = Set(memory.records.map(\.id.app))
        apps.formUnion(memory.desired?.configuration.apps.keys.map { $0 } ?? [])
        for app in apps { memory.releases += try await releases.releases(of: app) }
        return memory
    }

    /// An execution as it was last saved; nil when there is none.
    func execution(_ id: Int64) async throws(Problem) -> Execution? {
        let prefix = OrchestrationKeys.execution(id)
        let entries = try await store.range(.prefix(prefix + "/"), limit: nil).entries
        let parts = entries.filter { $0.key.text.hasPrefix(prefix + "/plan/") }
        guard let first = parts.first else { return nil }
        let data = parts.reduce(into: Data()) { $0.append($1.value) }
        var execution = try StateJSON.decode(Execution.self, from: data, at: first.key)
        var steps: [StepProgress] = []
        var end: ExecutionEnd?
        let planned = execution.machine.plan.steps
        for entry in entries {
            if entry.key.text.hasPrefix(prefix + "/steps/") {
                let saved = try StateJSON.decode(SavedStep.self, from: entry.value, at: entry.key)
                if planned.indices.contains(saved.id - 1) { steps.append(saved.progress(of: planned[saved.id - 1])) }
            } else if entry.key.text == prefix + "/traffic" {
                execution.traffic = try StateJSON.decode(SavedTraffic.self, from: entry.value, at: entry.key).figures
            } else if entry.key.text == prefix + "/end" {
                end = try StateJSON.decode(ExecutionEnd.self, from: entry.value, at: entry.key)
            }
        }
        execution.endedAt = end?.endedAt
        execution.machine.restore(steps: steps, state: end?.state ?? .running, problem: end?.problem)
        return execution
    }

    /// Whether an execution stands as it did when it was read.
    func isAsEnded(_ id: Int64, state: ExecutionState, at endedAt: Instant?) async throws(Problem) -> Bool {
        let end = try await store.get(OrchestrationKeys.executionEnd(id), as: ExecutionEnd.self)
        return end?.state == state && end?.endedAt == endedAt
    }

    /// Numbers of the newest executions, the newest first.
    func executionNumbers(limit: Int) async throws(Problem) -> [Int64] {
        Array(try await folders(in: "executions").compactMap { Int64($0) }.reversed().prefix(limit))
    }

    /// The names right below a folder of keys. What is in them is passed over unread: the plans of
    /// a large fabric's executions are gigabytes.
    private func folders(in folder: String) async throws(Problem) -> [String] {
        let all = KeyRange.prefix("\(folder)/")
        var names: [String] = []
        var lower = all.lower
        while let entry = try await store.range(KeyRange(lower: lower, upper: all.upper), limit: 1).entries.first {
            let name = String(entry.key.text.split(separator: "/")[1])
            names.append(name)
            lower = KeyRange.prefix("\(folder)/\(name)/").upper ?? all.lower
        }
        return names
    }

    /// Deletes the oldest executions beyond those that are kept.
    func trimExecutions() async throws(Problem) {
        for number in try await executionNumbers(limit: .max).dropFirst(Self.executionsKept) {
            let range = KeyRange.prefix(OrchestrationKeys.execution(number) + "/")
            _ = try await store.transact(StateTransaction(success: [.deleteRange(range)]))
        }
    }

    package func saveJoined(_ hosts: [HostName]) async throws(Problem) {
        for start in stride(from: 0, to: hosts.count, by: StateLimits.operationsMax) {
            let operations = try hosts[start..<min(start + StateLimits.operationsMax, hosts.count)].map {
                host throws(Problem) in
                Operation.put(try OrchestrationKeys.joinedHost(host), try StateJSON.encode(host))
            }
            _ = try await store.transact(StateTransaction(success: operations))
        }
    }

    private func desiredModel(_ head: DesiredHead) async throws(Problem) -> DesiredModel {
        let prefix = "configurations/\(head.commit)"
        var configuration = FabricConfiguration(fabric: head.fabric, commit: head.commit, policy: head.policy)
        for host in try await store.values(.prefix("\(prefix)/hosts/"), as: HostSpec.self) {
            configuration.hosts[host.name] = host
        }
        for hostClass in try await store.values(.prefix("\(prefix)/classes/"), as: HostClassSpec.self) {
            configuration.classes[hostClass.name] = hostClass
        }
        for app in try await store.values(.prefix("\(prefix)/apps/"), as: AppSpec.self) {
            configuration.apps[app.name] = app
        }
        for balancer in try await store.values(.prefix("\(prefix)/balancers/"), as: BalancerSpec.self) {
            configuration.balancers[balancer.name] = balancer
        }
        for dashboard in try await store.values(.prefix("\(prefix)/dashboards/"), as: DashboardSpec.self) {
            configuration.dashboards[dashboard.name] = dashboard
        }
        var model = DesiredModel(revision: head.revision, configuration: configuration, overrides: head.overrides)
        for (app, number) in head.releases { model.releases[app] = try await releases.release(app, number) }
        return model
    }

    private func saveConfiguration(_ configuration: FabricConfiguration) async throws(Problem) {
        var operations: [Operation] = []
        let commit = configuration.commit
        func put(_ kind: String, _ name: String, _ value: some Encodable) throws(Problem) {
            operations.append(
                .put(try OrchestrationKeys.configuration(commit, kind, name), try StateJSON.encode(value)))
        }
        for host in configuration.hosts.values { try put("hosts", host.name.text, host) }
        for hostClass in configuration.classes.values { try put("classes", hostClass.name.text, hostClass) }
        for app in configuration.apps.values { try put("apps", app.name.text, app) }
        for balancer in configuration.balancers.values { try put("balancers", balancer.name.text, balancer) }
        for dashboard in configuration.dashboards.values { try put("dashboards", dashboard.name.text, dashboard) }
        // The same commit may have been saved in part before a crash: begin from nothing.
        try await transact([.deleteRange(.prefix("configurations/\(commit)/"))])
        for start in stride(from: 0, to: operations.count, by: StateLimits.operationsMax) {
            let batch = operations[start..<min(start + StateLimits.operationsMax, operations.count)]
            try await transact(Array(batch))
        }
    }

    private func forgetConfigurations(but commit: String) async throws(Problem) {
        for other in try await folders(in: "configurations") where other != commit {
            _ = try await store.transact(StateTransaction(success: [.deleteRange(.prefix("configurations/\(other)/"))]))
        }
    }

    static func parts(of data: Data) -> [Data] {
        stride(from: 0, to: data.count, by: partBytesMax).map { start in
            data.subdata(in: start..<min(start + partBytesMax, data.count))
        }
    }
}

extension Orchestrator.Action {
    /// Whether a host is told something.
    fileprivate var isSent: Bool {
        switch self {
        case .send, .cancelOrder: true
        default: false
        }
    }
}

extension DesiredHead {
    init(_ model: DesiredModel) {
        self.init(
            revision: model.revision, fabric: model.configuration.fabric, commit: model.configuration.commit,
            policy: model.configuration.policy, overrides: model.overrides,
            releases: model.releases.mapValues(\.number))
    }
}
