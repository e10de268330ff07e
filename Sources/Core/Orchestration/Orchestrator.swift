import HeapModule

/// The loop of one fabric, as a value: events in, actions out.
///
/// It holds what is desired, what is recorded and what agents have said; it plans, carries plans
/// out, gives balancers their configuration, and goes back when a rollout fails. It reads no clock
/// and sends nothing: its shell feeds it events with their time and carries out the actions in
/// their order. An action that saves comes before the actions that depend on it.
package struct Orchestrator: Sendable {
    package enum Event: Sendable {
        /// Git says something else now.
        case configured(FabricConfiguration)
        /// People have said something beside git.
        case overridden(Overrides)
        case releaseAdded(Release)
        case reported(HostReport)
        case heard(HostName)
        case disconnected(HostName)
        case orderEnded(String, Problem?)
        /// What a balancer of the host has counted since its start: running totals of all its servers
        /// the first time, then at least of those that have changed.
        /// A telling of all of them may come in pieces, of which the last is marked.
        case counted(HostName, BalancerName, [ServerTraffic], isLast: Bool = true)
        case timePassed
    }

    package enum Action: Sendable {
        case saveRecords([InstanceKey: InstanceRecord?])
        case saveDesired(DesiredModel)
        case saveExecution(Execution)
        /// One step's progress has changed; the execution's plan has not.
        case saveStep(execution: Int64, StepProgress)
        case saveTraffic(TrafficRecord)
        case send(HostOrder)
        case cancelOrder(id: String, host: HostName)
        case announce(Happening)
    }

    /// Something that people and pages want to know.
    package enum Happening: Hashable, Sendable {
        case executionStarted(Int64, AppName, Plan.Kind)
        case executionChanged(Int64, AppName, ExecutionState)
        case stepChanged(Int64, Int)
        /// More was counted for an execution.
        case trafficChanged(Int64, AppName)
        /// What was counted for an execution is final.
        case trafficCounted(Int64, AppName)
        case hostChanged(HostName, LiveHost.Contact)
        case liveChanged(HostName)
        case rolledBackAutomatically(AppName, from: Int?, to: Int, cause: Problem?)
        case blind(String)
        case sightRegained
        case balancerRefused(HostName, BalancerName, Problem)
        /// A plan that Apus itself made is unsafe: a defect, that is told instead of carried out.
        case planRefused(AppName, Problem)
    }

    package struct Settings: Sendable {
        /// Silence after which a host no longer counts as connected.
        package var silenceMax: Interval
        /// Unique to this run of the control plane, and higher than every one before.
        package var fence: Int64
        /// How long after a start hosts are given to be heard from before anything is placed
        /// that could have been placed better with them.
        package var settling: Interval

        package init(silenceMax: Interval = .seconds(10), fence: Int64, settling: Interval = .seconds(5)) {
            self.silenceMax = silenceMax
            self.fence = fence
            self.settling = settling
        }
    }

    /// What was saved when the control plane stopped.
    package struct Memory: Sendable {
        package var desired: DesiredModel?
        package var releases: [Release]
        package var records: [InstanceRecord]
        package var joinedHosts: [HostName]
        package var executions: [Execution]
        package var lastExecution: Int64
        /// Of executions for which counting has not ended.
        package var traffic: [TrafficRecord]

        package init(
            desired: DesiredModel? = nil, releases: [Release] = [], records: [InstanceRecord] = [],
            joinedHosts: [HostName] = [], executions: [Execution] = [], lastExecution: Int64 = 0,
            traffic: [TrafficRecord] = []
        ) {
            self.desired = desired
            self.releases = releases
            self.records = records
            self.joinedHosts = joinedHosts
            self.executions = executions
            self.lastExecution = lastExecution
            self.traffic = traffic
        }
    }

    /// When an app is next looked at after an execution of its own accord has failed.
    struct Backoff {
        var failures = 0
        var notBefore = Instant(milliseconds: 0)
    }

    let settings: Settings
    package internal(set) var desired: DesiredModel?
    package internal(set) var records: InstanceRecords
    package internal(set) var hosts: [HostName: LiveHost] = [:]
    /// Executions that have not ended, by app: one at a time for each.
    package internal(set) var executions: [AppName: Execution] = [:]
    /// Failed or aborted executions that may still be retried: the last of each app.
    package internal(set) var retryable: [AppName: Execution] = [:]
    var releases: [AppName: [Int: Release]] = [:]
    package internal(set) var liveRevision: Int64 = 0
    var lastExecution: Int64
    /// Where everything belongs, kept from event to event; nil: it has to be found from nothing.
    var placement: Placement?
    /// Apps that were as desired when they were looked at last, and of which nothing has changed since.
    var settledApps: Set<AppName> = []
    /// Apps that have to be placed again.
    var misplaced: Set<AppName> = []
    /// What hosts may be used for; nil: one of them has changed.
    var standing: FleetStanding?
    /// Instances that hosts have and no record names, by app.
    var unrecorded: [AppName: Set<InstanceKey>] = [:]
    /// Whether a host may have gone from the configuration, or out of reach, with records on it.
    var mayHaveVanished = true
    /// When warm instances have been warm for long enough, the next one first. An entry may be
    /// older than what is recorded: its app is then looked at once too often.
    var warmEnds = Heap<WarmEnd>()
    var declaredBalancers: [DeclaredBalancer] = []
    var balancerHosts: Set<HostName> = []
    var servers = ServerLists()
    var balancers: [BalancerKey: BalancerPush] = [:]
    var balancersAreStale = true
    var pushCount = 0
    var handovers: [AppName: Handover] = [:]
    var farewells = Farewells()
    var appsToLookAt: Set<AppName> = []
    /// What balancers have counted, by app and release.
    package internal(set) var traffic = TrafficLedger()
    var trafficWindows: [AppName: TrafficWindow] = [:]
    /// Executions that are counted for: the last of each app.
    var watches: [AppName: TrafficWatch] = [:]
    var backoffs: [AppName: Backoff] = [:]
    /// What apps that git no longer has came after.
    var departed: [AppName: [AppName]] = [:]
    var blindness: String?
    var startedAt: Instant
    /// When the last event came, by the clock that events come with.
    var lastSeen: Instant
    /// Hosts that have joined and have not been heard from since the start.
    var unheard: Set<HostName>
    /// When the last of them came back.
    var lastReturn: Instant
    /// Actions of the event that is being received.
    var pending: [Action] = []

    package init(memory: Memory, settings: Settings, at now: Instant) {
        self.settings = settings
        desired = memory.desired
        for release in memory.releases { releases[release.app, default: [:]][release.number] = release }
        records = InstanceRecords(memory.records)
        for host in memory.joinedHosts {
            // Silent, not gone: the grace period of each host begins now.
            hosts[host] = LiveHost(name: host, contact: .silent, lastHeard: now, report: nil)
        }
        for execution in memory.executions where !execution.state.isEnded { executions[execution.app] = execution }
        lastExecution = memory.lastExecution
        startedAt = now
        lastSeen = now
        unheard = Set(memory.joinedHosts)
        lastReturn = now
        for record in memory.records { rememberWarmth(record) }
        restoreWatches(memory.traffic)
        expectDeclaredHosts()
        findBalancers()
        rememberFarewells()
        listServers()
        lookAtEverything()
    }

    package mutating func receive(_ event: Event, at now: Instant) -> [Action] {
        take(event, at: now)
        return finish(at: now)
    }

    /// Several events at once, in their order: what follows from them is found once, for all.
    package mutating func receive(_ events: [Event], at now: Instant) -> [Action] {
        for event in events { take(event, at: now) }
        return finish(at: now)
    }

    private mutating func take(_ event: Event, at now: Instant) {
        noticeJump(to: now)
        switch event {
        case .configured(let configuration):
            configured(configuration)
            keepWhatIsBack(at: now)
        case .overridden(let overrides): overridden(overrides)
        case .releaseAdded(let release): releases[release.app, default: [:]][release.number] = release
        case .reported(let report): reported(report, at: now)
        case .heard(let host): heard(host, at: now)
        case .disconnected(let host): disconnected(host, at: now)
        case .orderEnded(let id, let problem): orderEnded(id, problem, at: now)
        case .counted(let host, let balancer, let servers, let isLast):
            counted(host, balancer, servers, isLast: isLast, at: now)
        case .timePassed:
            timePassed(at: now)
            timePassedForWatches(at: now)
        }
    }

    /// The first actions after a start: what was under way goes on.
    package mutating func resume(at now: Instant) -> [Action] {
        for app in executions.keys.sorted() {
            // Whoever carried it out meanwhile, time was not measured.
            executions[app]?.machine.measureAgain(from: now)
            guard let execution = executions[app] else { continue }
            carryOut(execution.machine.underWay(), of: app, at: now)
            // What had ended when the control plane stopped may let others begin.
            if executions[app]?.id == execution.id { feed(.started, to: app, at: now) }
        }
        return finish(at: now)
    }

    /// Everything that follows from whatever changed.
    mutating func finish(at now: Instant) -> [Action] {
        refreshBalancers(at: now)
        reconcile(at: now)
        refreshBalancers(at: now)
        defer { pending = [] }
        return pending
    }

    package func live(at now: Instant) -> LiveModel {
        LiveModel(revision: liveRevision, at: now, hosts: hosts, unconfirmed: farewells.waiting)
    }

    mutating func lookAtEverything() {
        appsToLookAt.formUnion(desired?.configuration.apps.keys.map { $0 } ?? [])
        appsToLookAt.formUnion(records.apps)
    }

    mutating func expectDeclaredHosts() {
        for host in desired?.configuration.hosts.keys.map({ $0 }) ?? [] where hosts[host] == nil {
            hosts[host] = LiveHost(name: host, contact: .expected, lastHeard: nil, report: nil)
        }
    }
}
