package import Core

/// A whole fabric in one value: the control plane's loop, what it has saved, hosts with agents,
/// and time. Everything that happens is drawn from one seed, so a run can be repeated.
///
/// Connections keep the order of what is sent over them and lose it all when they end. What an
/// agent has carried out it remembers, and says until it is heard; orders are given again on each
/// new connection until they are answered. A server may be followed by another while it still
/// lives: then both have agents, and one store.
package struct SimulatedFleet: Sendable {
    /// What a connection carries from an agent.
    enum Message: Sendable {
        case report(HostReport)
        case ended(String, Problem?)
    }

    /// What will happen at some time.
    enum Occurrence: Sendable {
        case tick
        case orderArrives(HostName, connection: Int, HostOrder, fence: Int64)
        case cancelArrives(HostName, connection: Int, String)
        case orderEnds(HostName, run: Int, String)
        case messageArrives(HostName, connection: Int, Message)
        case connects(HostName)
        case disconnectionIsNoticed(HostName)
        case becomesHealthy(HostName, InstanceID, generation: Int)
        case becomesUnhealthy(HostName, InstanceID, generation: Int)
        case isRestarted(HostName, InstanceID, generation: Int)
        case heals(HostName)
        /// A connection over which one direction has been dead for too long is given up.
        case silenceIsNoticed(HostName, connection: Int)
        case storeIsTried(fence: Int64)
        case storeIsMended
        case serverWakes(fence: Int64)
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
    /// How far the servers' clock is from the time that passes.
    package internal(set) var clockOffset = Interval(milliseconds: 0)
    /// The server that leads comes last; one before it may not know yet that it no longer does.
    var servers: [SimulatedServer]
    package internal(set) var agents: [HostName: SimulatedAgent] = [:]
    /// All hosts with agents, in one order.
    var hostNames: [HostName] = []
    package internal(set) var store = SimulatedStore()
    package internal(set) var audit = SimulatedAudit()
    package var random: SeededRandom
    /// What each release of an app does; good unless said otherwise.
    package var behaviours: [AppName: [Int: SimulatedAgent.Behaviour]] = [:]
    /// Since when each host has been in contact with the server.
    package internal(set) var connectedSince: [HostName: Instant] = [:]
    /// Instances and hosts that a fault has touched, and that nothing can be asked of for a while.
    package internal(set) var disturbedUntil: [HostName: Instant] = [:]
    package internal(set) var announcements: [Orchestrator.Happening] = []
    package internal(set) var ended: [Execution] = []
    /// Broken rules.
    package internal(set) var violations: [BrokenRule] = []
    /// The last things that happened, for people.
    package internal(set) var history: [String] = []
    package var isRemembering = true
    package internal(set) var occurrenceCount = 0
    /// The last arrival on each host's way from and to the server: a connection keeps its order.
    var arrivalsFrom: [HostName: Instant] = [:]
    var arrivalsTo: [HostName: Instant] = [:]
    package internal(set) var guardian = FleetGuardian()
    var schedule = Schedule<Occurrence>()
    /// How many occurrences other than ticks are to come.
    private var foreseen = 0

    package init(seed: UInt64, delays: Delays = .wild) {
        random = SeededRandom(seed: seed)
        self.delays = delays
        servers = [
            SimulatedServer(
                orchestrator: Orchestrator(
                    memory: Orchestrator.Memory(), settings: Orchestrator.Settings(fence: 1),
                    at: Instant(milliseconds: 1_000_000)), fence: 1)
        ]
        plan(.tick, after: Self.tick)
    }

    /// The loop of the server that leads.
    package var orchestrator: Orchestrator { servers[servers.count - 1].orchestrator }
    var leader: Int { servers.count - 1 }
    /// What a server's clock shows.
    var clock: Instant { now + clockOffset }

    // MARK: What people and git do

    package mutating func configure(_ configuration: FabricConfiguration) {
        for host in configuration.hosts.keys.sorted() where agents[host] == nil {
            agents[host] = SimulatedAgent(host: host)
            hostNames.append(host)
            plan(.connects(host), after: draw(delays.message))
        }
        hostNames.sort()
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
        guard !servers[leader].isWaiting else { return nil }
        let (id, actions) = try servers[leader].orchestrator.begin(request, at: clock)
        carryOut(actions, by: leader)
        return id
    }

    package mutating func control(_ execution: Int64, _ control: ExecutionControl) throws(Problem) {
        note("\(control) of \(execution)")
        guard !servers[leader].isWaiting else { return }
        carryOut(try servers[leader].orchestrator.control(execution: execution, control, at: clock), by: leader)
    }

    /// What a balancer has counted arrives.
    package mutating func count(_ servers: [ServerTraffic], host: HostName, balancer: BalancerName) {
        feed(.counted(host, balancer, servers))
    }

    /// With rules that only hold while no fault takes instances from service.
    package mutating func setStrict(_ isStrict: Bool) {
        guardian.isLenient = !isStrict
        guardian.isStale = true
    }

    // MARK: Time

    /// Lets everything happen that happens within the time.
    package mutating func run(for interval: Interval) {
        let end = now + interval
        while let next = schedule.first, next <= end, violations.isEmpty { step() }
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
        foreseen == 0 && orchestrator.executions.isEmpty
            && servers.allSatisfy { !$0.isWaiting && $0.unanswered.values.allSatisfy(\.isEmpty) }
    }

    mutating func step() {
        guard let next = schedule.popFirst() else { return }
        now = max(now, next.at)
        occurrenceCount += 1
        if case .tick = next.element {} else { foreseen -= 1 }
        happen(next.element)
        if guardian.hasWork { judge { $0.check($1) } }
    }

    mutating func plan(_ occurrence: Occurrence, after delay: Interval) {
        if case .tick = occurrence {} else { foreseen += 1 }
        schedule.add(occurrence, at: now + delay)
    }

    mutating func draw(_ range: ClosedRange<Int64>) -> Interval { random.interval(range) }

    mutating func note(_ text: @autoclosure () -> String) {
        guard isRemembering else { return }
        history.append("\(now.milliseconds - 1_000_000) ms: \(text())")
        if history.count > 400 { history.removeFirst(200) }
    }

    mutating func violate(_ rule: BrokenRule.Rule, _ text: String) { violations.append(BrokenRule(rule, text)) }

    /// A plan that Apus made is unsafe.
    mutating func violate(with plan: Plan?, _ problem: Problem) {
        for step in plan?.steps ?? [] { note("  step \(step.id): \(step.title)") }
        violate(.safety, "a plan is unsafe: \(problem.cause)")
    }

    /// Asks the guardian, which sees the whole fleet but itself.
    mutating func judge(_ question: (inout FleetGuardian, borrowing SimulatedFleet) -> [BrokenRule]) {
        var guardian = FleetGuardian()
        swap(&guardian, &self.guardian)
        let broken = question(&guardian, self)
        swap(&guardian, &self.guardian)
        violations += broken
    }

    /// Says that an instance on a host, or the host itself, has changed.
    mutating func noteChange(of id: InstanceID, on host: HostName) {
        guard let agent = agents[host] else { return }
        guardian.changed(id, on: agent)
    }

    /// Whether what a balancer's host does tells anything: it is up, and nothing was done to it.
    func isTrusted(_ host: HostName) -> Bool {
        agents[host]?.isHostUp == true && (disturbedUntil[host] ?? now) <= now
    }
}
