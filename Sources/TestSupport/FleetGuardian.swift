import Core

/// Watches a fleet, and names every rule that is broken.
struct FleetGuardian: Sendable {
    /// How few instances of a process may serve: the fewest that were wanted since the fleet was
    /// last whole, per process.
    private var floors: [Slot: Int] = [:]
    /// Whether faults are injected that may take instances from service.
    var isLenient = true

    /// An order is only sent when what it depends on has been saved.
    func sent(_ order: HostOrder, _ fleet: inout SimulatedFleet) {
        let parts = order.id.split(separator: "/")
        guard parts.count == 4, parts[0] == "execution", let execution = Int64(parts[1]), let step = Int(parts[2])
        else { return }
        guard let saved = fleet.store.step(step, of: execution), saved.state != .waiting else {
            return fleet.violate("the order \(order.id) was sent before its step was saved")
        }
        if case .phase(let phase, let spec) = order.operation, phase == .install || phase == .start,
            !fleet.store.hasRecord(InstanceKey(host: order.host, instance: spec.id))
        {
            fleet.violate("\(phase.rawValue) of \(spec.id) on \(order.host) was sent before its record was saved")
        }
    }

    func saved(_ execution: Execution, _ fleet: inout SimulatedFleet) {
        guard execution.state == .succeeded else { return }
        for progress in execution.machine.steps where progress.state != .succeeded && progress.state != .cancelled {
            fleet.violate(
                "execution \(execution.id) succeeded, and its step \(progress.step.id) is \(progress.state.word)")
        }
    }

    /// Traffic is only given to instances that are ready when it is.
    func balances(_ configuration: BalancerConfiguration, on host: HostName, _ fleet: inout SimulatedFleet) {
        for backend in configuration.backends where Set(backend.servers.map(\.name)).count < backend.servers.count {
            fleet.violate(
                "\(backend.name) has two servers of one name: \(backend.servers.map { "\($0.name) \($0.standing)" })"
            )
        }
        let before = Set(Self.serving(fleet.agents[host]?.balancers[configuration.balancer]))
        for server in Self.serving(configuration) where !before.contains(server) {
            let hosts = fleet.agents.values.filter { $0.instances[server] != nil }
            let isDisturbed = hosts.contains { (fleet.disturbedUntil[$0.host] ?? fleet.now) > fleet.now }
            let isReady = hosts.contains { $0.isReady(server) }
            let isKnownBad = fleet.behaviour(of: server) != .good
            if !isReady && !isDisturbed && !isKnownBad && !hosts.isEmpty {
                fleet.violate("\(server) is given traffic and is not ready")
            }
        }
    }

    mutating func check(_ fleet: inout SimulatedFleet) {
        checkOrder(&fleet)
        checkWorkers(&fleet)
        if !isLenient { checkFloors(&fleet) }
    }

    static func serving(_ configuration: BalancerConfiguration?) -> [InstanceID] {
        (configuration?.backends ?? []).flatMap { $0.servers.filter { $0.standing == .serving }.map(\.instance) }
    }

    /// A step has only begun when everything that comes before it in the plan has ended.
    private func checkOrder(_ fleet: inout SimulatedFleet) {
        for execution in fleet.orchestrator.executions.values {
            let steps = execution.machine.steps
            if steps.count > 400 { continue }
            _ = order(execution.machine.plan.root, steps, execution.id, &fleet)
            let age = fleet.now - execution.startedAt
            if age > .minutes(90) && execution.state != .paused {
                fleet.violate("execution \(execution.id) does not end")
            }
        }
    }

    private enum Progress { case untouched, begun, done }

    private func order(_ node: PlanNode, _ steps: [StepProgress], _ id: Int64, _ fleet: inout SimulatedFleet)
        -> Progress
    {
        switch node {
        case .step(let step):
            switch steps[step.id - 1].state {
            case .waiting, .skipped: return .untouched
            case .running, .failed: return .begun
            case .succeeded, .cancelled: return .done
            }
        case .sequential(let title, let children):
            let progress = children.map { order($0, steps, id, &fleet) }
            if let open = progress.firstIndex(where: { $0 != .done }),
                progress[(open + 1)...].contains(where: { $0 == .begun })
            {
                fleet.violate("execution \(id): in \(title) something began before its time")
            }
            return Self.whole(progress)
        case .parallel(let title, let limit, let children):
            let progress = children.map { order($0, steps, id, &fleet) }
            if progress.count(where: { $0 == .begun }) > limit {
                fleet.violate("execution \(id): \(title) runs too much at once")
            }
            return Self.whole(progress)
        }
    }

    private static func whole(_ progress: [Progress]) -> Progress {
        progress.allSatisfy { $0 == .done } ? .done : progress.allSatisfy { $0 == .untouched } ? .untouched : .begun
    }

    /// What is replaced in place never runs twice for one slot, as far as the control plane sees.
    private func checkWorkers(_ fleet: inout SimulatedFleet) {
        guard !isLenient, let desired = fleet.orchestrator.desired else { return }
        var running: [Slot: InstanceID] = [:]
        for agent in fleet.agents.values where agent.isHostUp {
            for instance in agent.instances.values where instance.state == .running {
                guard
                    desired.configuration.apps[instance.id.app]?.processes[instance.id.process]?.replacement == .inPlace
                else { continue }
                if let other = running.updateValue(instance.id, forKey: Slot(instance.id)) {
                    fleet.violate("\(other) and \(instance.id) run at once")
                }
            }
        }
    }

    /// What people reach never has fewer ready servers than were wanted.
    private mutating func checkFloors(_ fleet: inout SimulatedFleet) {
        guard let desired = fleet.orchestrator.desired else { return }
        for app in desired.configuration.apps.values {
            for route in app.routes {
                guard let process = app.processes[route.to] else { continue }
                let key = Slot(app: app.name, process: route.to, number: 1)
                let wanted = desired.instances(of: app.name, process)
                for agent in fleet.agents.values {
                    for configuration in agent.balancers.values {
                        let serving = Self.serving(configuration).filter {
                            $0.app == app.name && $0.process == route.to
                        }
                        // A canary serves beside the instance that it will replace: the two are one.
                        let ready = Set(
                            serving.filter { id in fleet.agents.values.contains { $0.isReady(id) } }.map(Slot.init)
                        ).count
                        let floor = min(floors[key] ?? 0, wanted)
                        if ready < floor {
                            fleet.violate(
                                "\(app.name).\(route.to): \(ready) of \(floor) are ready on the balancer of \(agent.host), which serves \(serving.map(\.description).sorted())"
                            )
                        }
                        floors[key] = ready >= wanted ? wanted : floor
                    }
                }
            }
        }
    }
}
