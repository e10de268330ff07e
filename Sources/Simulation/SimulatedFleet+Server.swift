package import Core

/// The shell around the loop: what the real service does with a file and sockets.
extension SimulatedFleet {
    /// A disk that refuses is tried again after this long.
    private static let retryAfter = Interval.seconds(1)

    /// Gives an event to the server that a connection leads to.
    /// - Parameter fence: whose connection it is; nil: the leader's.
    mutating func feed(_ event: Orchestrator.Event, to fence: Int64? = nil) {
        guard let index = fence.map({ fence in servers.firstIndex { $0.fence == fence } }) ?? leader else { return }
        take(.event(event), by: index)
    }

    mutating func take(_ input: SimulatedServer.Input, by index: Int) {
        guard !servers[index].isWaiting else {
            // Ticks are not kept: the next one comes soon enough.
            if case .event = input { servers[index].inbox.append(input) }
            return
        }
        let event: Orchestrator.Event
        switch input {
        case .event(let given): event = given
        case .tick:
            // As the real server does, also one that has nothing to save asks now and then.
            servers[index].ticks += 1
            if servers[index].ticks.isMultiple(of: 3), servers[index].fence != store.fence { return stop(index) }
            event = .timePassed
        }
        carryOut(servers[index].orchestrator.receive(event, at: clock), by: index)
    }

    /// Saves first, then sends.
    mutating func carryOut(_ actions: [Orchestrator.Action], by index: Int) {
        guard !actions.isEmpty else { return }
        switch store.save(actions, fence: servers[index].fence) {
        case .saved:
            if servers[index].diesAfterSaving {
                servers[index].diesAfterSaving = false
                note("the server ends between saving and sending")
                return restartControlPlane()
            }
            act(on: actions, by: index)
        case .failed:
            note("the store fails")
            servers[index].unsaved = actions
            plan(.storeIsTried(fence: servers[index].fence), after: Self.retryAfter)
        case .superseded: stop(index)
        }
    }

    mutating func tryStore(of fence: Int64) {
        guard let index = servers.firstIndex(where: { $0.fence == fence }), let actions = servers[index].unsaved else {
            return
        }
        servers[index].unsaved = nil
        carryOut(actions, by: index)
        drainInbox(of: fence)
    }

    private mutating func drainInbox(of fence: Int64) {
        while let index = servers.firstIndex(where: { $0.fence == fence }), !servers[index].isWaiting,
            !servers[index].inbox.isEmpty
        {
            take(servers[index].inbox.removeFirst(), by: index)
        }
    }

    private mutating func act(on actions: [Orchestrator.Action], by index: Int) {
        let fence = servers[index].fence
        // What begins, also again, is in the audit log before anything is sent.
        for case .saveExecution(let execution) in actions
        where !execution.state.isEnded && !audit.isOpen(execution.id) { audit.begin(execution.id, at: now) }
        for action in actions {
            switch action {
            case .send(let order):
                judge { $0.sent(order, fence: fence, $1) }
                servers[index].unanswered[order.host, default: []].append(order)
                deliver(order, by: fence)
            case .cancelOrder(let id, let host):
                servers[index].unanswered[host]?.removeAll { $0.id == id }
                if let agent = agents[host], agent.isConnected, agent.server == fence {
                    plan(.cancelArrives(host, connection: agent.connection, id), after: arrival(to: host))
                }
            case .announce(let happening):
                announcements.append(happening)
                if case .planRefused(_, let problem) = happening { violate(with: nil, problem) }
                if case .hostChanged(let host, let contact) = happening {
                    connectedSince[host] = contact == .connected ? clock : nil
                    if contact == .lost { guardian.lost(host) }
                }
            case .saveExecution(let execution):
                note(
                    "execution \(execution.id) of \(execution.app) (\(execution.kind.rawValue)) \(execution.state.rawValue) \(execution.machine.problem?.description ?? "")"
                )
                judge { $0.saved(execution, $1) }
                if execution.state.isEnded {
                    ended.append(execution)
                    // A retry may end at once, without having been saved as running.
                    if !audit.isOpen(execution.id) { audit.begin(execution.id, at: now) }
                    audit.end(execution.id, execution.state, at: now)
                }
            case .saveStep(let id, let progress):
                guardian.stepChanged(id)
                note("  \(id)/\(progress.step.id) \(progress.state.word): \(progress.step.title)")
            case .saveRecords: guardian.isStale = true
            case .saveDesired(let model): guardian.adopted(model)
            case .saveTraffic: break
            }
        }
    }

    mutating func deliver(_ order: HostOrder, by fence: Int64) {
        guard let agent = agents[order.host], agent.isConnected, agent.server == fence else { return }
        plan(
            .orderArrives(order.host, connection: agent.connection, order, fence: fence),
            after: arrival(to: order.host))
    }

    /// A message arrives after those that were sent before it on the same way.
    mutating func arrival(to host: HostName) -> Interval {
        let at = max(now + delay(on: host, delays.message), arrivalsTo[host] ?? now)
        arrivalsTo[host] = at
        return at - now
    }

    mutating func arrival(from host: HostName) -> Interval {
        let at = max(now + delay(on: host, delays.message), arrivalsFrom[host] ?? now)
        arrivalsFrom[host] = at
        return at - now
    }

    // MARK: Ends and beginnings

    /// Another run leads: this one stops for good, and its agents look for the other.
    private mutating func stop(_ index: Int) {
        let fence = servers[index].fence
        note("the server of fence \(fence) is no longer the one that leads, and stops")
        servers.remove(at: index)
        dropConnections(to: fence)
    }

    private mutating func dropConnections(to fence: Int64) {
        for host in hostNames where agents[host]?.isConnected == true && agents[host]?.server == fence {
            agents[host]?.isConnected = false
            agents[host]?.connection += 1
            plan(.connects(host), after: delay(on: host, delays.message) + delay(on: host, delays.message))
        }
    }

    /// Whom the server has given up, it has also if it could not say so.
    private mutating func rememberLost() {
        for host in orchestrator.hosts.values where host.contact == .lost { guardian.lost(host.name) }
    }

    /// The control plane dies and another begins from what was saved.
    package mutating func restartControlPlane() {
        note("the control plane restarts")
        let fence = servers[leader].fence
        rememberLost()
        servers.removeLast()
        dropConnections(to: fence)
        beginServer(after: fence)
    }

    /// The server sleeps, and another one takes its place meanwhile. Some agents notice only later.
    package mutating func supersede(sleeping: Interval) {
        let fence = servers[leader].fence
        note("the server of fence \(fence) sleeps for \(sleeping), and another one takes over")
        servers[leader].isFrozen = true
        rememberLost()
        // Of two that sleep, one is enough to make trouble.
        if servers.count > 1 { servers.removeFirst() }
        plan(.serverWakes(fence: fence), after: sleeping)
        for host in hostNames where agents[host]?.isConnected == true && agents[host]?.server == fence {
            let connection = agents[host]?.connection ?? 0
            plan(
                .silenceIsNoticed(host, connection: connection),
                after: random.chance(oneIn: 2) ? draw(delays.message) : .seconds(15))
        }
        beginServer(after: fence)
    }

    /// The server sleeps, as a laptop does, and goes on.
    package mutating func freeze(for interval: Interval) {
        note("the server sleeps for \(interval)")
        servers[leader].isFrozen = true
        plan(.serverWakes(fence: servers[leader].fence), after: interval)
    }

    mutating func wake(_ fence: Int64) {
        guard let index = servers.firstIndex(where: { $0.fence == fence }), servers[index].isFrozen else { return }
        note("the server of fence \(fence) wakes")
        servers[index].isFrozen = false
        if servers[index].unsaved == nil { drainInbox(of: fence) }
        // Timers are what a process that wakes does first.
        if let index = servers.firstIndex(where: { $0.fence == fence }) { take(.tick, by: index) }
    }

    private mutating func beginServer(after fence: Int64) {
        store.fence = fence + 1
        let memory = store.memory
        // What the one before has saved holds, also if it ended before it did anything about it.
        if let desired = memory.desired { guardian.adopted(desired) }
        servers.append(
            SimulatedServer(
                orchestrator: Orchestrator(
                    memory: memory, settings: Orchestrator.Settings(fence: fence + 1), at: clock),
                fence: fence + 1))
        // What was saved and not written down yet, is now, before anything is sent.
        for (id, state) in store.endStates.sorted(by: { $0.key < $1.key }) {
            if !audit.isOpen(id) && !audit.hasEnded(id) { audit.begin(id, at: now) }
            if state.isEnded && !audit.hasEnded(id) { audit.end(id, state, at: now) }
            if !state.isEnded && audit.hasEnded(id) { audit.begin(id, at: now) }
        }
        for execution in memory.executions { judge { $0.resumed(execution, $1) } }
        carryOut(servers[leader].orchestrator.resume(at: clock), by: leader)
    }

    // MARK: Faults of the server

    /// The store takes so many operations more, and then none until it is mended.
    package mutating func breakStore(after operations: Int, for interval: Interval) {
        note("the store will fail after \(operations) operations, for \(interval)")
        store.operationsLeft = operations
        plan(.storeIsMended, after: interval)
    }

    /// The servers' clock is set.
    package mutating func stepClock(by interval: Interval) {
        note("the clock is set by \(interval.milliseconds) ms")
        clockOffset = clockOffset + interval
    }

    /// Nothing is wrong with servers any more: who leads, leads, and the disk is well.
    package mutating func mendServer() {
        store.operationsLeft = nil
        servers[leader].diesAfterSaving = false
        for server in servers where server.isFrozen { wake(server.fence) }
    }

    /// What is not done, for people who wait for it.
    package var underWay: [String] {
        let executions = orchestrator.executions.values.sorted { $0.id < $1.id }.map { execution in
            let steps = execution.machine.steps.filter { $0.state == .running }.map(\.step.title)
            return "execution \(execution.id) (\(execution.kind.rawValue) \(execution.app)) waits for \(steps)"
        }
        let orders = servers.flatMap { $0.unanswered.values.flatMap(\.self) }.map(\.id).sorted().prefix(5)
        return executions + orders.map { "order \($0) is not answered" }
    }

    /// The server ends the next time that it has saved, and before it sends.
    package mutating func dieAfterSaving() { servers[leader].diesAfterSaving = true }
}
