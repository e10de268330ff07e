package import Core

/// What happens on hosts and on the way to them.
extension SimulatedFleet {
    private static let memory = ByteCount.mebibytes(8192)

    mutating func happen(_ occurrence: Occurrence) {
        switch occurrence {
        case .tick: ticked()
        case .orderArrives(let host, let connection, let order, let fence):
            guard passes(occurrence, .toHost, host, connection) else { return }
            orderArrived(order, fence: fence)
        case .cancelArrives(let host, let connection, let id):
            guard passes(occurrence, .toHost, host, connection) else { return }
            agents[host]?.work[id] = nil
        case .orderEnds(let host, let run, let id):
            guard agents[host]?.run == run, let work = agents[host]?.work[id] else { return }
            orderEnded(work, on: host)
        case .messageArrives(let host, let connection, let message):
            guard passes(occurrence, .fromHost, host, connection) else { return }
            messageArrived(message, from: host)
        case .connects(let host): connect(host)
        case .disconnectionIsNoticed(let host):
            if agents[host]?.isConnected == false { feed(.disconnected(host)) }
        case .becomesHealthy(let host, let id, let generation): changeHealth(of: id, on: host, generation, to: .healthy)
        case .becomesUnhealthy(let host, let id, let generation):
            changeHealth(of: id, on: host, generation, to: .unhealthy)
        case .isRestarted(let host, let id, let generation): restart(id, on: host, generation)
        case .heals(let host): heal(host)
        case .silenceIsNoticed(let host, let connection): noticeSilence(host, connection)
        case .storeIsTried(let fence): tryStore(of: fence)
        case .storeIsMended: store.operationsLeft = nil
        case .serverWakes(let fence): wake(fence)
        }
    }

    private mutating func ticked() {
        for server in servers.map(\.fence) {
            for host in hostNames {
                guard let agent = agents[host], agent.isConnected, agent.server == server, agent.blocked != .fromHost,
                    let index = servers.firstIndex(where: { $0.fence == server }),
                    servers[index].orchestrator.hosts[host]?.report != nil
                else { continue }
                feed(.heard(host), to: server)
            }
            if let index = servers.firstIndex(where: { $0.fence == server }) { take(.tick, by: index) }
        }
        violations += guardian.checkAges(self)
        plan(.tick, after: Self.tick)
    }

    // MARK: Connections

    /// Whether something that was sent over a connection arrives now: the connection still is, and
    /// its direction is open.
    private mutating func passes(
        _ occurrence: Occurrence, _ direction: SimulatedAgent.Direction, _ host: HostName, _ connection: Int
    ) -> Bool {
        guard let agent = agents[host], agent.connection == connection, agent.isConnected else { return false }
        if agent.blocked == direction {
            agents[host]?.held.append(occurrence)
            return false
        }
        return true
    }

    private mutating func connect(_ host: HostName) {
        guard let agent = agents[host], !agent.isConnected, agent.isAgentUp, agent.isHostUp, !agent.isCut,
            agent.blocked == nil
        else {
            return
        }
        let fence = servers[leader].fence
        agents[host]?.isConnected = true
        agents[host]?.connection += 1
        agents[host]?.server = fence
        store.joinedHosts.insert(host)
        note("\(host) connects")
        tell(host)
        for order in servers[leader].unanswered[host] ?? [] { deliver(order, by: fence) }
    }

    /// A report, and then every outcome that has not been heard.
    mutating func tell(_ host: HostName) {
        guard let agent = agents[host], agent.isConnected, let report = agents[host]?.report(memory: Self.memory) else {
            return
        }
        plan(.messageArrives(host, connection: agent.connection, .report(report)), after: arrival(from: host))
        for id in agent.unacknowledged {
            let message = Message.ended(id, agent.outcomes[id] ?? nil)
            plan(.messageArrives(host, connection: agent.connection, message), after: arrival(from: host))
        }
    }

    private mutating func messageArrived(_ message: Message, from host: HostName) {
        guard let fence = agents[host]?.server else { return }
        switch message {
        case .report(let report): feed(.reported(report), to: fence)
        case .ended(let id, let problem):
            if let index = servers.firstIndex(where: { $0.fence == fence }) {
                servers[index].unanswered[host]?.removeAll { $0.id == id }
            }
            agents[host]?.unacknowledged.removeAll { $0 == id }
            feed(.orderEnded(id, problem), to: fence)
        }
    }

    /// The other end has not been heard for so long that the connection is given up.
    private mutating func noticeSilence(_ host: HostName, _ connection: Int) {
        guard let agent = agents[host], agent.isConnected, agent.connection == connection else { return }
        let isServerAsleep = servers.first { $0.fence == agent.server }?.isFrozen ?? true
        guard agent.blocked != nil || isServerAsleep || agent.server != servers[leader].fence else { return }
        dropConnection(host)
        plan(.connects(host), after: delay(on: host, delays.message))
    }

    // MARK: Orders

    private mutating func orderArrived(_ order: HostOrder, fence: Int64) {
        guard let agent = agents[order.host], agent.isAgentUp else { return }
        if agent.outcomes[order.id] != nil {
            if !agent.unacknowledged.contains(order.id) { agents[order.host]?.unacknowledged.append(order.id) }
            return tell(order.host)
        }
        guard agent.work[order.id] == nil else { return }
        // As the ledger of a real agent: what comes from a server that no longer leads is not answered.
        guard fence >= agent.fenceMax else {
            note("\(order.host) refuses \(order.id) of fence \(fence)")
            return
        }
        agents[order.host]?.fenceMax = fence
        judge { $0.begun(order, fence: fence, $1) }
        agents[order.host]?.work[order.id] = SimulatedAgent.Work(
            order: order, startedAt: now, isRefused: order.operation.isBalance && agent.refusesBalancing)
        if case .awaitReady(let id) = order.operation { return answerWaiting(for: id, on: order.host) }
        if case .balance(let configuration, _) = order.operation, !agent.refusesBalancing {
            // Configurations are taken up in the order in which they come; what takes time is the draining.
            note(
                "\(order.host) balances by \(order.id): \(FleetGuardian.serving(configuration).map(\.description).sorted().joined(separator: " "))"
            )
            judge { $0.balances(configuration, on: order.host, $1) }
            agents[order.host]?.balancers[configuration.balancer] = configuration
        }
        plan(.orderEnds(order.host, run: agent.run, order.id), after: delay(on: order.host, delays.work))
    }

    private mutating func orderEnded(_ work: SimulatedAgent.Work, on host: HostName) {
        var problem: Problem?
        switch work.order.operation {
        case .prefetch:
            if agents[host]?.refusesPackages == true { problem = Self.refusal("the package store is away") }
            if agents[host]?.isDiskFull == true { problem = Self.refusal("no space is left on the disk") }
        case .link(let app, let identity): agents[host]?.link(app, identity)
        case .balance:
            if work.isRefused { problem = Self.refusal("the port is busy") }
            note("\(host) has ended \(work.order.id) \(problem?.cause ?? "")")
        case .awaitReady: problem = Self.refusal("it is not ready in time")
        case .phase(let phase, let spec):
            let behaviour = behaviour(of: spec.id)
            problem = agents[host]?.carryOut(phase, spec, behaviour, at: now)
            noteChange(of: spec.id, on: host)
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
        guard let agent = agents[host], !agent.work.isEmpty else { return }
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

    /// How long something takes on a host.
    mutating func delay(on host: HostName, _ range: ClosedRange<Int64>) -> Interval {
        let drawn = draw(range)
        return Interval(milliseconds: drawn.milliseconds * (agents[host]?.slowness ?? 1))
    }

    // MARK: Instances

    func behaviour(of id: InstanceID) -> SimulatedAgent.Behaviour { behaviours[id.app]?[id.release] ?? .good }

    private mutating func started(_ id: InstanceID, on host: HostName) {
        let generation = agents[host]?.generations[id] ?? 0
        guard agents[host]?.instances[id]?.health == .starting else { return }
        switch behaviour(of: id) {
        case .good, .cannotBeInstalled:
            plan(.becomesHealthy(host, id, generation: generation), after: delay(on: host, delays.health))
        case .sickens:
            let after = delay(on: host, delays.health)
            plan(.becomesHealthy(host, id, generation: generation), after: after)
            plan(.becomesUnhealthy(host, id, generation: generation), after: after + delay(on: host, delays.sickening))
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
        noteChange(of: id, on: host)
        note("\(id) on \(host) is \(health.rawValue)")
        tell(host)
        answerWaiting(for: id, on: host)
    }

    /// The longest from a start until an instance is ready.
    private func restartMax(on host: HostName) -> Interval {
        Interval(milliseconds: delays.health.upperBound * (agents[host]?.slowness ?? 1))
    }

    /// An instance's process ends by itself; its agent starts it again.
    package mutating func kill(_ id: InstanceID, on host: HostName) {
        guard agents[host]?.instances[id]?.state == .running else { return }
        note("\(id) on \(host) dies")
        disturb(host, for: .seconds(20) + restartMax(on: host))
        agents[host]?.generations[id, default: 0] += 1
        agents[host]?.instances[id]?.failure = "signal 9"
        agents[host]?.instances[id]?.health = .starting
        agents[host]?.instances[id]?.since = now
        noteChange(of: id, on: host)
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
        noteChange(of: id, on: host)
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
        disturb(host, for: (interval ?? .minutes(600)) + .minutes(1) + restartMax(on: host))
        noteChanges(on: host)
        dropConnection(host)
        if let interval { plan(.heals(host), after: interval) }
    }

    private mutating func noteChanges(on host: HostName) {
        for id in (agents[host]?.instances ?? [:]).keys { noteChange(of: id, on: host) }
    }

    /// Nothing passes in one direction for a while. If it lasts, the connection is given up.
    package mutating func block(_ host: HostName, _ direction: SimulatedAgent.Direction, for interval: Interval) {
        note("nothing passes \(direction.rawValue) \(host) for \(interval)")
        agents[host]?.blocked = direction
        if let agent = agents[host], agent.isConnected {
            plan(.silenceIsNoticed(host, connection: agent.connection), after: .seconds(15))
        }
        plan(.heals(host), after: interval)
    }

    /// Everything on a host takes so many times longer.
    package mutating func slow(_ host: HostName, times: Int64) {
        note("\(host) is \(times) times slower")
        agents[host]?.slowness = times
    }

    package mutating func fillDisk(_ host: HostName, _ isFull: Bool) {
        note("the disk of \(host) \(isFull ? "is full" : "has room again")")
        agents[host]?.isDiskFull = isFull
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
        let held = agents[host]?.held ?? []
        agents[host]?.blocked = nil
        agents[host]?.held = []
        for occurrence in held { plan(occurrence, after: Interval(milliseconds: 1)) }
        if wasDown {
            for id in (agents[host]?.instances ?? [:]).keys.sorted()
            where agents[host]?.instances[id]?.state == .running {
                agents[host]?.generations[id, default: 0] += 1
                agents[host]?.instances[id]?.health = .starting
                plan(.isRestarted(host, id, generation: agents[host]?.generations[id] ?? 0), after: .seconds(1))
            }
            noteChanges(on: host)
        }
        plan(.connects(host), after: delay(on: host, delays.message))
    }

    private mutating func dropConnection(_ host: HostName) {
        guard agents[host]?.isConnected == true else { return }
        agents[host]?.isConnected = false
        agents[host]?.connection += 1
        agents[host]?.held = []
        // Half of the time only silence tells.
        if random.chance(oneIn: 2) { plan(.disconnectionIsNoticed(host), after: delay(on: host, delays.message)) }
    }

    private static func refusal(_ cause: String) -> Problem {
        Problem("simulated.refused", "It was not done.", cause: cause, remedy: "None.")
    }
}

extension HostOrder.Operation {
    fileprivate var isBalance: Bool { if case .balance = self { true } else { false } }
}
