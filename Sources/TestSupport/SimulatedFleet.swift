package import Core

/// A whole fabric in one value: the control plane's loop, what it has saved, hosts with agents,
/// and time. Everything that happens is drawn from one seed, so a run can be repeated.
///
/// Connections keep the order of what is sent over them and lose it all when they end. What an
/// agent has carried out it remembers, and says until it is heard; orders are given again on each
/// new connection until they are answered.
package struct SimulatedFleet: Sendable {
    /// What a connection carries from an agent.
    enum Message: Sendable {
        case report(HostReport)
        case ended(String, Problem?)
    }

    /// What will happen at some time.
    enum Occurrence: Sendable {
        case tick
        case orderArrives(HostName, connection: Int, HostOrder)
        case cancelArrives(HostName, connection: Int, String)
        case orderEnds(HostName, run: Int, String)
        case messageArrives(HostName, connection: Int, Message)
        case connects(HostName)
        case disconnectionIsNoticed(HostName)
        case becomesHealthy(HostName, InstanceID, generation: Int)
        case becomesUnhealthy(HostName, InstanceID, generation: Int)
        case isRestarted(HostName, InstanceID, generation: Int)
        case heals(HostName)
    }

    /// How long things take, in milliseconds.
    package struct Delays: Sendable {
        package var message: ClosedRange<Int64>
        package var work: ClosedRange<Int64>
        package var health: ClosedRange<Int64>
        /// From the first success of a probe to its failure, where a release sickens.
        package var sickening: ClosedRange<Int64>

        package init(
            message: ClosedRange<Int64>, work: ClosedRange<Int64>, health: ClosedRange<Int64>,
            sickening: ClosedRange<Int64>
        ) {
            self.sickening = sickening
            self.message = message
            self.work = work
            self.health = health
        }

        package static let fixed = Delays(message: 5...5, work: 100...100, health: 500...500, sickening: 1000...1000)
        package static let wild = Delays(message: 1...400, work: 5...3000, health: 100...4000, sickening: 3000...20_000)
    }

    static let tick = Interval.seconds(2)

    package let delays: Delays
    package internal(set) var now = Instant(milliseconds: 1_000_000)
    package internal(set) var orchestrator: Orchestrator
    package internal(set) var agents: [HostName: SimulatedAgent] = [:]
    package internal(set) var store = SimulatedStore()
    package var random: SeededRandom
    /// What each release of an app does; good unless said otherwise.
    package var behaviours: [AppName: [Int: SimulatedAgent.Behaviour]] = [:]
    /// Instances and hosts that a fault has touched, and that nothing can be asked of for a while.
    package internal(set) var disturbedUntil: [HostName: Instant] = [:]
    package internal(set) var announcements: [Orchestrator.Happening] = []
    package internal(set) var ended: [Execution] = []
    /// Broken rules, in words.
    package internal(set) var violations: [String] = []
    /// The last things that happened, for people.
    package internal(set) var history: [String] = []
    package var isRemembering = true
    package internal(set) var occurrenceCount = 0
    /// Orders that have not been answered, by host: what the gateway holds, and loses when it ends.
    var unanswered: [HostName: [HostOrder]] = [:]
    var arrivals: [String: Instant] = [:]
    var guardian = FleetGuardian()
    private var schedule: [(at: Instant, order: Int, occurrence: Occurrence)] = []
    private var scheduleCount = 0
    private var fence: Int64 = 1

    package init(seed: UInt64, delays: Delays = .wild) {
        random = SeededRandom(seed: seed)
        self.delays = delays
        orchestrator = Orchestrator(
            memory: Orchestrator.Memory(), settings: Orchestrator.Settings(fence: 1),
            at: Instant(milliseconds: 1_000_000))
        plan(.tick, after: Self.tick)
    }

    // MARK: What people and git do

    package mutating func configure(_ configuration: FabricConfiguration) {
        for host in configuration.hosts.keys.sorted() where agents[host] == nil {
            agents[host] = SimulatedAgent(host: host)
            plan(.connects(host), after: draw(delays.message))
        }
        note("git is at \(configuration.commit.prefix(6))")
        feed(.configured(configuration))
    }

    package mutating func override(_ change: (inout Overrides) -> Void) {
        guard var overrides = orchestrator.desired?.overrides else { return }
        change(&overrides)
        note("overrides: \(overrides.scale) drained \(overrides.drained.sorted())")
        feed(.overridden(overrides))
    }

    package mutating func add(_ release: Release) {
        store.releases.append(release)
        feed(.releaseAdded(release))
    }

    @discardableResult
    package mutating func request(_ request: Orchestrator.Request) throws(Problem) -> Int64? {
        note(
            "\(request.requestedBy) asks to \(request.kind.rawValue) \(request.app) \(request.release.map { "r\($0)" } ?? "")"
        )
        let (id, actions) = try orchestrator.begin(request, at: now)
        carryOut(actions)
        return id
    }

    package mutating func control(_ execution: Int64, _ control: ExecutionControl) throws(Problem) {
        note("\(control) of \(execution)")
        carryOut(try orchestrator.control(execution: execution, control, at: now))
    }

    /// What a balancer has counted arrives.
    package mutating func count(_ servers: [ServerTraffic], host: HostName, balancer: BalancerName) {
        feed(.counted(host, balancer, servers))
    }

    /// With rules that only hold while no fault takes instances from service.
    package mutating func setStrict(_ isStrict: Bool) { guardian.isLenient = !isStrict }

    // MARK: Time

    /// Lets everything happen that happens within the time.
    package mutating func run(for interval: Interval) {
        let end = now + interval
        while let next = schedule.last, next.at <= end, violations.isEmpty { step() }
        now = max(now, end)
    }

    /// Runs until nothing is under way, or the time is up.
    /// - Returns: whether it became quiet.
    @discardableResult
    package mutating func settle(within interval: Interval) -> Bool {
        let end = now + interval
        while now < end, violations.isEmpty {
            run(for: Self.tick)
            if isQuiet { return true }
        }
        return isQuiet
    }

    package var isQuiet: Bool {
        orchestrator.executions.isEmpty && unanswered.values.allSatisfy(\.isEmpty)
            && schedule.allSatisfy { if case .tick = $0.occurrence { true } else { false } }
    }

    mutating func step() {
        guard let next = schedule.popLast() else { return }
        now = max(now, next.at)
        occurrenceCount += 1
        happen(next.occurrence)
        var guardian = guardian
        guardian.check(&self)
        self.guardian = guardian
    }

    mutating func plan(_ occurrence: Occurrence, after delay: Interval) {
        let at = now + delay
        scheduleCount += 1
        // The next is last; of those at the same time the first that was planned.
        var low = 0
        var high = schedule.count
        while low < high {
            let middle = (low + high) / 2
            if schedule[middle].at > at { low = middle + 1 } else { high = middle }
        }
        schedule.insert((at, scheduleCount, occurrence), at: low)
    }

    mutating func draw(_ range: ClosedRange<Int64>) -> Interval { random.interval(range) }

    mutating func note(_ text: @autoclosure () -> String) {
        guard isRemembering else { return }
        history.append("\(now.milliseconds - 1_000_000) ms: \(text())")
        if history.count > 400 { history.removeFirst(200) }
    }

    mutating func violate(_ rule: String) { violations.append(rule) }

    // MARK: The control plane's shell

    mutating func feed(_ event: Orchestrator.Event) { carryOut(orchestrator.receive(event, at: now)) }

    /// Saves first, then sends, as the real shell does.
    mutating func carryOut(_ actions: [Orchestrator.Action]) {
        let guardian = guardian
        for action in actions { store.save(action) }
        for action in actions {
            switch action {
            case .send(let order):
                guardian.sent(order, &self)
                unanswered[order.host, default: []].append(order)
                deliver(order)
            case .cancelOrder(let id, let host):
                unanswered[host]?.removeAll { $0.id == id }
                if let agent = agents[host], agent.isConnected {
                    plan(.cancelArrives(host, connection: agent.connection, id), after: arrival("to \(host)"))
                }
            case .announce(let happening): announcements.append(happening)
            case .saveExecution(let execution):
                note(
                    "execution \(execution.id) of \(execution.app) (\(execution.kind.rawValue)) \(execution.state.rawValue) \(execution.machine.problem?.description ?? "")"
                )
                guardian.saved(execution, &self)
                if execution.state.isEnded { ended.append(execution) }
            case .saveStep(let id, let progress):
                note("  \(id)/\(progress.step.id) \(progress.state.word): \(progress.step.title)")
            case .saveRecords, .saveDesired, .saveTraffic: break
            }
        }
    }

    mutating func deliver(_ order: HostOrder) {
        guard let agent = agents[order.host], agent.isConnected else { return }
        plan(.orderArrives(order.host, connection: agent.connection, order), after: arrival("to \(order.host)"))
    }

    /// A message arrives after those that were sent before it on the same way.
    mutating func arrival(_ way: String) -> Interval {
        let at = max(now + draw(delays.message), arrivals[way] ?? now)
        arrivals[way] = at
        return at - now
    }

    /// The control plane dies and another begins from what was saved.
    package mutating func restartControlPlane() {
        note("the control plane restarts")
        fence += 1
        unanswered = [:]
        for host in agents.keys.sorted() where agents[host]?.isConnected == true {
            agents[host]?.isConnected = false
            agents[host]?.connection += 1
            plan(.connects(host), after: draw(delays.message) + draw(delays.message))
        }
        orchestrator = Orchestrator(memory: store.memory, settings: Orchestrator.Settings(fence: fence), at: now)
        carryOut(orchestrator.resume(at: now))
    }
}
