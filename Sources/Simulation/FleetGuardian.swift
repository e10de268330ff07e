package import Core

/// Watches a fleet, and names every rule that is broken.
///
/// It looks at what has changed, not at everything: what runs and who serves it knows from the
/// changes that it is told.
package struct FleetGuardian: Sendable {
    package struct Process: Hashable, Comparable, Sendable, CustomStringConvertible {
        package var app: AppName
        package var process: ProcessName

        package var description: String { "\(app).\(process)" }
        package static func < (left: Process, right: Process) -> Bool {
            (left.app, left.process) < (right.app, right.process)
        }
    }

    /// The fewest that served while so many were wanted.
    package struct Low: Hashable, Sendable {
        package var serving: Int
        package var wanted: Int
        package var at: Instant
        package var isExcused: Bool
    }

    /// An execution takes no longer than this, unless it is paused.
    private static let ageMax = Interval.minutes(90)
    /// Larger plans are not walked after each of their steps.
    private static let stepsMax = 400

    /// Whether faults are injected that may take instances from service.
    var isLenient = true
    /// Something changed that every app may depend on.
    var isStale = true
    private var staleApps: Set<AppName> = []
    private var staleExecutions: Set<Int64> = []
    /// How few instances of a process may serve: the fewest that were wanted since the fleet was
    /// last whole.
    private var floors: [Process: Int] = [:]
    /// On how many hosts an instance is ready.
    private var ready: [InstanceID: Int] = [:]
    private var isReady: Set<InstanceKey> = []
    /// What runs in each slot.
    private var running: [Slot: Set<InstanceKey>] = [:]
    /// Whom each balancer gives traffic to.
    private var serving: [HostName: [BalancerName: [Process: [InstanceID]]]] = [:]
    /// The same with the hosts of those who serve: one that moves has two for a while.
    private var served: [HostName: [BalancerName: Set<InstanceKey>]] = [:]
    /// How many of each process executions may have stopped before their successors start, since
    /// the process was whole.
    private var away: [Process: Int] = [:]
    /// Hosts of balancers that were given up: they serve by an old configuration until they get another.
    private var outdated: Set<HostName> = []
    /// The newest server that each host has had orders from.
    private var fences: [HostName: Int64] = [:]
    /// The worst moment of each process, in the share that served.
    package private(set) var lows: [Process: Low] = [:]
    /// The longest time for which fewer served than are wanted.
    package private(set) var longestGap: [Process: Interval] = [:]
    private var gapSince: [Process: Instant] = [:]
    /// How many of each process are wanted now.
    package private(set) var wanted: [Process: Int] = [:]
    /// Every process that balancers give traffic to.
    package var watched: [Process] { wanted.keys.sorted() }

    var hasWork: Bool { isStale || !staleApps.isEmpty || !staleExecutions.isEmpty }

    // MARK: What it is told

    /// An instance has changed on a host, or the host itself.
    mutating func changed(_ id: InstanceID, on agent: SimulatedAgent) {
        let key = InstanceKey(host: agent.host, instance: id)
        let isReadyNow = agent.isReady(id)
        if isReadyNow != isReady.contains(key) {
            ready[id, default: 0] += isReadyNow ? 1 : -1
            if isReadyNow { isReady.insert(key) } else { isReady.remove(key) }
        }
        if agent.isRunning(id) {
            running[Slot(id), default: []].insert(key)
        } else {
            running[Slot(id)]?.remove(key)
        }
        staleApps.insert(id.app)
    }

    /// Fewer may be wanted for a moment, and what was begun then is carried through.
    mutating func adopted(_ model: DesiredModel) {
        isStale = true
        for (key, floor) in floors {
            guard let process = model.configuration.apps[key.app]?.processes[key.process] else {
                floors[key] = nil
                continue
            }
            floors[key] = min(floor, model.instances(of: key.app, process))
        }
    }

    /// The server has given a host up, and waits for its balancers no more.
    mutating func lost(_ host: HostName) { outdated.insert(host) }

    mutating func stepChanged(_ execution: Int64) { staleExecutions.insert(execution) }

    /// An order is only sent when what it depends on has been saved, and it is in the audit log.
    func sent(_ order: HostOrder, fence: Int64, _ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        var broken: [BrokenRule] = []
        if fence != fleet.store.fence {
            broken.append(BrokenRule(.leadership, "the order \(order.id) was sent by a server that does not lead"))
        }
        let parts = order.id.split(separator: "/")
        guard parts.count == 4, parts[0] == "execution", let execution = Int64(parts[1]), let step = Int(parts[2])
        else { return broken }
        if !fleet.audit.isOpen(execution) {
            broken.append(
                BrokenRule(.saving, "the order \(order.id) was sent, and the audit log does not have its execution"))
        }
        guard let saved = fleet.store.step(step, of: execution), saved.state != .waiting else {
            return broken + [BrokenRule(.saving, "the order \(order.id) was sent before its step was saved")]
        }
        if case .phase(let phase, let spec) = order.operation, phase == .install || phase == .start,
            !fleet.store.hasRecord(InstanceKey(host: order.host, instance: spec.id))
        {
            broken.append(
                BrokenRule(
                    .saving, "\(phase.rawValue) of \(spec.id) on \(order.host) was sent before its record was saved"))
        }
        return broken
    }

    /// A host begins to carry an order out.
    mutating func begun(_ order: HostOrder, fence: Int64, _ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        let newest = fences[order.host] ?? 0
        fences[order.host] = max(newest, fence)
        var broken: [BrokenRule] = []
        if fence < newest {
            broken.append(
                BrokenRule(
                    .leadership,
                    "\(order.host) carries out \(order.id) of fence \(fence), and has had orders of fence \(newest)"))
        }
        if case .phase(.stop, let spec) = order.operation,
            let balancer = balancer(serving: InstanceKey(host: order.host, instance: spec.id), fleet)
        {
            broken.append(
                BrokenRule(
                    .serving, "\(spec.id) on \(order.host) is stopped, and the balancer of \(balancer) serves it"))
        }
        return broken
    }

    /// A host whose balancer gives requests to an instance, and that the server has not given up.
    private func balancer(serving key: InstanceKey, _ fleet: borrowing SimulatedFleet) -> HostName? {
        served.keys.sorted().first { host in
            fleet.agents[host]?.isHostUp == true && !outdated.contains(host)
                && served[host]?.values.contains { $0.contains(key) } == true
        }
    }

    mutating func saved(_ execution: Execution, _ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        var broken: [BrokenRule] = []
        if let open = fleet.store.open[execution.app], open.count > 1 {
            broken.append(BrokenRule(.oneAtATime, "\(execution.app) is changed by executions \(open.sorted()) at once"))
        }
        if execution.state.isEnded { staleApps.insert(execution.app) } else { noteAway(execution, fleet) }
        guard execution.state == .succeeded else { return broken }
        for progress in execution.machine.steps where progress.state != .succeeded && progress.state != .cancelled {
            broken.append(
                BrokenRule(
                    .completeness,
                    "execution \(execution.id) succeeded, and its step \(progress.step.id) is \(progress.state.word)"))
        }
        return broken + leftovers(of: execution, fleet)
    }

    /// Another server goes on with an execution.
    mutating func resumed(_ execution: Execution, _ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        noteAway(execution, fleet)
        return []
    }

    /// What is stopped before its successor starts is away for a while, as far as the policy allows.
    private mutating func noteAway(_ execution: Execution, _ fleet: borrowing SimulatedFleet) {
        let plan = execution.machine.plan
        guard let desired = fleet.orchestrator.desired, let release = desired.releases[plan.app],
            let app = desired.configuration.apps[plan.app]
        else { return }
        let limits = PlanLinter.Limits(policy: app.rollout)
        for name in PlanLookahead(plan).inPlace {
            guard let process = release.processes[name] else { continue }
            let wanted = desired.instances(of: plan.app, process)
            let key = Process(app: plan.app, process: name)
            away[key] = max(
                away[key] ?? 0, limits.away(process, of: wanted, kind: plan.kind, stopsFirst: true))
        }
    }

    /// After a rollout that succeeded nothing of another release serves where the plan could reach it.
    private func leftovers(of execution: Execution, _ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        let plan = execution.machine.plan
        guard plan.kind == .deploy || plan.kind == .rollback, plan.warnings.isEmpty, let release = plan.release,
            execution.machine.steps.allSatisfy({ $0.state == .succeeded }),
            let desired = fleet.orchestrator.desired, !desired.overrides.held.contains(plan.app),
            desired.configuration.apps[plan.app] != nil, desired.releases[plan.app]?.number == release
        else { return [] }
        var broken: [BrokenRule] = []
        for record in fleet.orchestrator.records.values
        where record.id.app == plan.app && record.duty == .serving && record.id.release != release {
            guard let since = fleet.connectedSince[record.host], since < execution.startedAt else { continue }
            broken.append(
                BrokenRule(
                    .completeness,
                    "execution \(execution.id) succeeded with r\(release), and \(record.id) on \(record.host) serves"))
        }
        return broken.sorted()
    }

    /// A balancer takes a configuration up. Traffic is only given to instances that are ready then.
    mutating func balances(
        _ configuration: BalancerConfiguration, on host: HostName, _ fleet: borrowing SimulatedFleet
    ) -> [BrokenRule] {
        var broken: [BrokenRule] = []
        for backend in configuration.backends where Set(backend.servers.map(\.name)).count < backend.servers.count {
            broken.append(
                BrokenRule(
                    .readiness,
                    "\(backend.name) has two servers of one name: \(backend.servers.map { "\($0.name) \($0.standing)" })"
                ))
        }
        let before = Set((serving[host]?[configuration.balancer] ?? [:]).values.flatMap(\.self))
        var byProcess: [Process: [InstanceID]] = [:]
        for server in Self.serving(configuration) {
            byProcess[Process(app: server.app, process: server.process), default: []].append(server)
            guard !before.contains(server), (ready[server] ?? 0) == 0, fleet.behaviour(of: server) == .good else {
                continue
            }
            let hosts = fleet.agents.values.filter { $0.instances[server] != nil }
            let isDisturbed = hosts.contains { (fleet.disturbedUntil[$0.host] ?? fleet.now) > fleet.now }
            if !isDisturbed && !hosts.isEmpty {
                broken.append(BrokenRule(.readiness, "\(server) is given traffic and is not ready"))
            }
        }
        serving[host, default: [:]][configuration.balancer] = byProcess
        let servers = configuration.backends.flatMap { $0.servers.filter { $0.standing == .serving } }
        served[host, default: [:]][configuration.balancer] = Set(
            servers.compactMap { server in server.host.map { InstanceKey(host: $0, instance: server.instance) } })
        outdated.remove(host)
        isStale = true
        return broken
    }

    static func serving(_ configuration: BalancerConfiguration?) -> [InstanceID] {
        (configuration?.backends ?? []).flatMap { $0.servers.filter { $0.standing == .serving }.map(\.instance) }
    }

    // MARK: What it looks at

    mutating func check(_ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        var broken: [BrokenRule] = []
        if !staleExecutions.isEmpty {
            for execution in fleet.orchestrator.executions.values where staleExecutions.contains(execution.id) {
                broken += Self.order(of: execution)
            }
            staleExecutions = []
        }
        guard isStale || !staleApps.isEmpty, let desired = fleet.orchestrator.desired else { return broken }
        let apps = isStale ? desired.configuration.apps.keys.sorted() : staleApps.sorted()
        for app in apps {
            guard let spec = desired.configuration.apps[app] else { continue }
            broken += checkSingles(of: spec)
            broken += checkFloors(of: spec, desired, fleet)
        }
        isStale = false
        staleApps = []
        return broken
    }

    func checkAges(_ fleet: borrowing SimulatedFleet) -> [BrokenRule] {
        fleet.orchestrator.executions.values.filter {
            $0.state != .paused && fleet.clock - $0.startedAt > Self.ageMax + fleet.clockOffset.magnitude
        }.map { BrokenRule(.rest, "execution \($0.id) does not end") }
    }

    /// What is replaced in place never runs twice for one slot.
    private func checkSingles(of app: AppSpec) -> [BrokenRule] {
        guard !isLenient else { return [] }
        var broken: [BrokenRule] = []
        for process in app.processes.values where process.replacement == .inPlace {
            for (slot, keys) in running where slot.app == app.name && slot.process == process.name && keys.count > 1 {
                broken.append(BrokenRule(.twice, "\(keys.sorted()) run at once"))
            }
        }
        return broken.sorted()
    }

    /// What people reach never has fewer ready servers than were wanted, but for what faults took.
    private mutating func checkFloors(
        of app: AppSpec, _ desired: DesiredModel, _ fleet: borrowing SimulatedFleet
    ) -> [BrokenRule] {
        var broken: [BrokenRule] = []
        for name in Set(app.routes.map(\.to)).sorted() {
            guard let process = desired.releases[app.name]?.processes[name] ?? app.processes[name] else { continue }
            let key = Process(app: app.name, process: name)
            let wanted = desired.instances(of: app.name, process)
            var fewest = Int.max
            for host in serving.keys.sorted() where fleet.isTrusted(host) && !outdated.contains(host) {
                for balancer in (serving[host] ?? [:]).keys.sorted() {
                    let servers = serving[host]?[balancer]?[key] ?? []
                    // A canary serves beside the instance that it will replace: the two are one.
                    fewest = min(fewest, Set(servers.filter { (ready[$0] ?? 0) > 0 }.map(Slot.init)).count)
                }
            }
            guard fewest != .max else { continue }
            self.wanted[key] = wanted
            let away = self.away[key] ?? 0
            var floor = min(floors[key] ?? 0, wanted)
            let isExcused = isExcused(key, fleet)
            if fewest < floor - away {
                if isExcused {
                    floor = fewest
                } else {
                    broken.append(
                        BrokenRule(
                            .serving,
                            "\(key): \(fewest) of \(floor) are ready on a balancer, which serves \(servers(of: key))"))
                }
            }
            // What runs was planned for what was wanted then.
            let isChanging = fleet.orchestrator.executions[app.name] != nil
            floors[key] = floor
            // A configuration that was made before may be on its way.
            let isFollowing = isChanging || fleet.orchestrator.isBalancing
            if fewest >= wanted && !isFollowing && (away > 0 || floor < wanted) && recorded(key, fleet) >= wanted {
                floors[key] = wanted
                self.away[key] = nil
            }
            note(key, fewest, wanted, isExcused, fleet.now)
        }
        return broken
    }

    /// How many slots of the process are served by what is recorded: balancers may be behind.
    private func recorded(_ key: Process, _ fleet: borrowing SimulatedFleet) -> Int {
        let records = fleet.orchestrator.records.of(key.app).values
        return Set(records.filter { $0.duty == .serving && $0.id.process == key.process }.map { Slot($0.id) }).count
    }

    private func servers(of key: Process) -> [String] {
        serving.values.flatMap { $0.values.flatMap { $0[key] ?? [] } }.map(\.description).sorted()
    }

    /// Whether a fault that was injected may be why an instance of the process is away, or git, which
    /// has taken its host from the fabric.
    private func isExcused(_ key: Process, _ fleet: borrowing SimulatedFleet) -> Bool {
        let hosts = fleet.orchestrator.desired?.configuration.hosts ?? [:]
        for (host, agent) in fleet.agents {
            let isDisturbed = (fleet.disturbedUntil[host] ?? fleet.now) > fleet.now
            guard isDisturbed || hosts[host] == nil else { continue }
            if agent.instances.keys.contains(where: { $0.app == key.app && $0.process == key.process }) { return true }
        }
        return false
    }

    private mutating func note(_ key: Process, _ fewest: Int, _ wanted: Int, _ isExcused: Bool, _ now: Instant) {
        guard floors[key] != nil, wanted > 0 else { return }
        if fewest >= wanted {
            if let since = gapSince.removeValue(forKey: key) {
                longestGap[key] = max(longestGap[key] ?? now - since, now - since)
            }
            return
        }
        // Before it has been whole for the first time nothing is missed.
        guard lows[key] != nil || floors[key] ?? 0 > 0 else { return }
        if gapSince[key] == nil { gapSince[key] = now }
        let low = lows[key]
        if low == nil || fewest * (low?.wanted ?? 1) < (low?.serving ?? 0) * wanted {
            lows[key] = Low(serving: fewest, wanted: wanted, at: now, isExcused: isExcused)
        }
    }

    // MARK: The order of steps

    /// A step has only begun when everything that comes before it in the plan has ended.
    private static func order(of execution: Execution) -> [BrokenRule] {
        let steps = execution.machine.steps
        guard steps.count <= stepsMax else { return [] }
        var broken: [BrokenRule] = []
        _ = order(execution.machine.plan.root, steps, execution.id, &broken)
        return broken
    }

    /// A step that was cancelled is passed over, whenever its turn comes.
    private enum Progress { case untouched, passed, begun, done }

    private static func order(
        _ node: PlanNode, _ steps: [StepProgress], _ id: Int64, _ broken: inout [BrokenRule]
    ) -> Progress {
        switch node {
        case .step(let step):
            switch steps[step.id - 1].state {
            case .waiting, .skipped: return .untouched
            case .running, .failed: return .begun
            case .succeeded: return .done
            case .cancelled: return .passed
            }
        case .sequential(let title, let children):
            let progress = children.map { order($0, steps, id, &broken) }
            if let open = progress.firstIndex(where: { $0 != .done && $0 != .passed }),
                progress[(open + 1)...].contains(where: { $0 == .begun })
            {
                broken.append(BrokenRule(.order, "execution \(id): in \(title) something began before its time"))
            }
            return whole(progress)
        case .parallel(let title, let limit, let children):
            let progress = children.map { order($0, steps, id, &broken) }
            if progress.count(where: { $0 == .begun }) > limit {
                broken.append(BrokenRule(.order, "execution \(id): \(title) runs too much at once"))
            }
            return whole(progress)
        }
    }

    private static func whole(_ progress: [Progress]) -> Progress {
        if progress.allSatisfy({ $0 == .passed }) { return progress.isEmpty ? .done : .passed }
        if progress.allSatisfy({ $0 == .done || $0 == .passed }) { return .done }
        return progress.allSatisfy { $0 == .untouched || $0 == .passed } ? .untouched : .begun
    }
}

extension Interval {
    var magnitude: Interval { Interval(milliseconds: abs(milliseconds)) }
}
