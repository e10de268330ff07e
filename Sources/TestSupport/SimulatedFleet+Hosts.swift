package import Core

/// What happens on hosts and on the way to them.
extension SimulatedFleet {
    private static let memory = ByteCount.mebibytes(8192)

    mutating func happen(_ occurrence: Occurrence) {
        switch occurrence {
        case .tick: ticked()
        case .orderArrives(let host, let connection, let order):
            guard agents[host]?.connection == connection, agents[host]?.isConnected == true else { return }
            orderArrived(order)
        case .cancelArrives(let host, let connection, let id):
            guard agents[host]?.connection == connection, agents[host]?.isConnected == true else { return }
            agents[host]?.work[id] = nil
        case .orderEnds(let host, let run, let id):
            guard agents[host]?.run == run, let work = agents[host]?.work[id] else { return }
            orderEnded(work, on: host)
        case .messageArrives(let host, let connection, let message):
            guard agents[host]?.connection == connection, agents[host]?.isConnected == true else { return }
            messageArrived(message, from: host)
        case .connects(let host): connect(host)
        case .disconnectionIsNoticed(let host):
            if agents[host]?.isConnected == false { feed(.disconnected(host)) }
        case .becomesHealthy(let host, let id, let generation): changeHealth(of: id, on: host, generation, to: .healthy)
        case .becomesUnhealthy(let host, let id, let generation):
            changeHealth(of: id, on: host, generation, to: .unhealthy)
        case .isRestarted(let host, let id, let generation): restart(id, on: host, generation)
        case .heals(let host): heal(host)
        }
    }

    private mutating func ticked() {
        for host in agents.keys.sorted()
        where agents[host]?.isConnected == true && orchestrator.hosts[host]?.report != nil {
            feed(.heard(host))
        }
        feed(.timePassed)
        plan(.tick, after: Self.tick)
    }

    // MARK: Connections

    private mutating func connect(_ host: HostName) {
        guard let agent = agents[host], !agent.isConnected, agent.isAgentUp, agent.isHostUp, !agent.isCut else {
            return
        }
        agents[host]?.isConnected = true
        agents[host]?.connection += 1
        store.joinedHosts.insert(host)
        note("\(host) connects")
        tell(host)
        for order in unanswered[host] ?? [] { deliver(order) }
    }

    /// A report, and then every outcome that has not been heard.
    mutating func tell(_ host: HostName) {
        guard let agent = agents[host], agent.isConnected, let report = agents[host]?.report(memory: Self.memory) else {
            return
        }
        plan(.messageArrives(host, connection: agent.connection, .report(report)), after: arrival("from \(host)"))
        for id in agent.unacknowledged {
            let message = Message.ended(id, agent.outcomes[id] ?? nil)
            plan(.messageArrives(host, connection: agent.connection, message), after: arrival("from \(host)"))
        }
    }

    private mutating func messageArrived(_ message: Message, from host: HostName) {
        switch message {
        case .report(let report): feed(.reported(report))
        case .ended(let id, let problem):
            unanswered[host]?.removeAll { $0.id == id }
            agents[host]?.unacknowledged.removeAll { $0 == id }
            feed(.orderEnded(id, problem))
        }
    }

    // MARK: Orders

    private mutating func orderArrived(_ order: HostOrder) {
        guard let agent = agents[order.host], agent.isAgentUp else { return }
        if agent.outcomes[order.id] != nil {
            if !agent.unacknowledged.contains(order.id) { agents[order.host]?.unacknowledged.append(order.id) }
            return tell(order.host)
        }
        guard agent.work[order.id] == nil else { return }
        agents[order.host]?.work[order.id] = SimulatedAgent.Work(order: order, startedAt: now)
        if case .awaitReady(let id) = order.operation { return answerWaiting(for: id, on: order.host) }
        if case .balance(let configuration, _) = order.operation, !agent.refusesBalancing {
            // Configurations are taken up in the order in which they come; what takes time is the draining.
            let guardian = guardian
            guardian.balances(configuration, on: order.host, &self)
            agents[order.host]?.balancers[configuration.balancer] = configuration
        }
        plan(.orderEnds(order.host, run: agent.run, order.id), after: draw(delays.work))
    }

    private mutating func orderEnded(_ work: SimulatedAgent.Work, on host: HostName) {
        var problem: Problem?
        switch work.order.operation {
        case .prefetch:
            if agents[host]?.refusesPackages == true { problem = Self.refusal("the package store is away") }
        case .link(let app, let identity): agents[host]?.link(app, identity)
        case .balance: if agents[host]?.refusesBalancing == true { problem = Self.refusal("the port is busy") }
        case .awaitReady: problem = Self.refusal("it is not ready in time")
        case .phase(let phase, let spec):
            let behaviour = behaviour(of: spec.id)
            problem = agents[host]?.carryOut(phase, spec, behaviour, at: now)
            if problem == nil && phase == .start { started(spec.id, on: host) }
        }
        finish(work.order.id, problem, on: host)
    }

    private mutating func finish(_ order: String, _ problem: Problem?, on host: HostName) {
        agents[host]?.work[order] = nil
        agents[host]?.outcomes[order] = .some(problem)
        agents[host]?.unacknowledged.append(order)
        tell(host)
    }

    /// Ends the waits for an instance that is ready, or will not become so.
    private mutating func answerWaiting(for id: InstanceID, on host: HostName) {
        guard let agent = agents[host] else { return }
        let waits = agent.work.values.filter { if case .awaitReady(id) = $0.order.operation { true } else { false } }
        for work in waits.sorted(by: { $0.order.id < $1.order.id }) {
            if agent.isReady(id) {
                finish(work.order.id, nil, on: host)
            } else if agent.instances[id]?.state != .running || agent.instances[id]?.failure != nil {
                finish(work.order.id, Self.refusal("\(id) is not ready"), on: host)
            } else {
                plan(.orderEnds(host, run: agent.run, work.order.id), after: work.order.timeout)
            }
        }
    }

    // MARK: Instances

    func behaviour(of id: InstanceID) -> SimulatedAgent.Behaviour { behaviours[id.app]?[id.release] ?? .good }

    private mutating func started(_ id: InstanceID, on host: HostName) {
        let generation = agents[host]?.generations[id] ?? 0
        guard agents[host]?.instances[id]?.health == .starting else { return }
        switch behaviour(of: id) {
        case .good, .cannotBeInstalled:
            plan(.becomesHealthy(host, id, generation: generation), after: draw(delays.health))
        case .sickens:
            let after = draw(delays.health)
            plan(.becomesHealthy(host, id, generation: generation), after: after)
            plan(.becomesUnhealthy(host, id, generation: generation), after: after + draw(delays.sickening))
        case .neverReady, .crashes: break
        }
    }

    private mutating func changeHealth(of id: InstanceID, on host: HostName, _ generation: Int, to health: Health) {
        guard agents[host]?.isHostUp == true, agents[host]?.generations[id] == generation,
            agents[host]?.instances[id]?.state == .running
        else { return }
        agents[host]?.instances[id]?.health = health
        agents[host]?.instances[id]?.since = now
        if health == .healthy { agents[host]?.instances[id]?.failure = nil }
        if health == .unhealthy { disturb(host, for: .minutes(60)) }
        note("\(id) on \(host) is \(health.rawValue)")
        tell(host)
        answerWaiting(for: id, on: host)
    }

    /// An instance's process ends by itself; its agent starts it again.
    package mutating func kill(_ id: InstanceID, on host: HostName) {
        guard agents[host]?.instances[id]?.state == .running else { return }
        note("\(id) on \(host) dies")
        disturb(host, for: .seconds(20))
        agents[host]?.generations[id, default: 0] += 1
        agents[host]?.instances[id]?.failure = "signal 9"
        agents[host]?.instances[id]?.health = .starting
        agents[host]?.instances[id]?.since = now
        plan(.isRestarted(host, id, generation: agents[host]?.generations[id] ?? 0), after: .seconds(1))
        tell(host)
        answerWaiting(for: id, on: host)
    }

    private mutating func restart(_ id: InstanceID, on host: HostName, _ generation: Int) {
        guard agents[host]?.isHostUp == true, agents[host]?.generations[id] == generation,
            agents[host]?.instances[id]?.state == .running, behaviour(of: id) != .crashes
        else { return }
        let isChecked = orchestrator.desired?.configuration.apps[id.app]?.processes[id.process]?.health != nil
        agents[host]?.instances[id]?.failure = nil
        agents[host]?.instances[id]?.restarts += 1
        agents[host]?.instances[id]?.health = isChecked ? .starting : .unchecked
        tell(host)
        started(id, on: host)
        answerWaiting(for: id, on: host)
    }

    // MARK: Faults

    mutating func disturb(_ host: HostName, for interval: Interval) {
        disturbedUntil[host] = max(disturbedUntil[host] ?? now, now + interval)
    }

    /// No message passes for a while, in either direction.
    package mutating func cut(_ host: HostName, for interval: Interval?) {
        note("\(host) is cut off for \(interval?.description ?? "good")")
        agents[host]?.isCut = true
        dropConnection(host)
        if let interval { plan(.heals(host), after: interval) }
    }

    /// The agent ends; instances go on. What it was doing is left as it was.
    package mutating func crashAgent(_ host: HostName, for interval: Interval) {
        note("the agent of \(host) crashes")
        agents[host]?.isAgentUp = false
        agents[host]?.run += 1
        agents[host]?.work = [:]
        dropConnection(host)
        plan(.heals(host), after: interval)
    }

    /// The machine goes down, and everything on it.
    package mutating func crashHost(_ host: HostName, for interval: Interval?) {
        note("\(host) goes down for \(interval?.description ?? "good")")
        agents[host]?.isHostUp = false
        agents[host]?.run += 1
        agents[host]?.work = [:]
        disturb(host, for: (interval ?? .minutes(600)) + .minutes(1))
        dropConnection(host)
        if let interval { plan(.heals(host), after: interval) }
    }

    package mutating func setRefusals(on host: HostName, packages: Bool, balancing: Bool) {
        note("\(host) refuses packages: \(packages), balancing: \(balancing)")
        agents[host]?.refusesPackages = packages
        agents[host]?.refusesBalancing = balancing
    }

    /// Everything about the host works again.
    package mutating func heal(_ host: HostName) {
        let wasDown = agents[host]?.isHostUp == false
        note("\(host) is well again")
        agents[host]?.isCut = false
        agents[host]?.isAgentUp = true
        agents[host]?.isHostUp = true
        if wasDown {
            for id in (agents[host]?.instances ?? [:]).keys.sorted()
            where agents[host]?.instances[id]?.state == .running {
                agents[host]?.generations[id, default: 0] += 1
                agents[host]?.instances[id]?.health = .starting
                plan(.isRestarted(host, id, generation: agents[host]?.generations[id] ?? 0), after: .seconds(1))
            }
        }
        plan(.connects(host), after: draw(delays.message))
    }

    private mutating func dropConnection(_ host: HostName) {
        guard agents[host]?.isConnected == true else { return }
        agents[host]?.isConnected = false
        agents[host]?.connection += 1
        // Half of the time only silence tells.
        if random.chance(oneIn: 2) { plan(.disconnectionIsNoticed(host), after: draw(delays.message)) }
    }

    private static func refusal(_ cause: String) -> Problem {
        Problem("simulated.refused", "It was not done.", cause: cause, remedy: "None.")
    }
}
