package import Core

/// A host with its agent, as a value: what runs there, which orders it has carried out, and
/// whether it can be reached. The fleet gives it time.
package struct SimulatedAgent: Sendable {
    /// How instances of a release behave.
    package enum Behaviour: Hashable, Sendable {
        case good
        /// It runs, and its probe never succeeds.
        case neverReady
        /// Its process ends as often as it is started.
        case crashes
        /// Its package cannot be unpacked.
        case cannotBeInstalled
        /// It becomes ready, and fails a moment later.
        case sickens
    }

    /// An order that is being carried out.
    struct Work: Sendable {
        var order: HostOrder
        var startedAt: Instant
        /// What a balancer refuses it refuses when it is given it.
        var isRefused = false
    }

    package let host: HostName
    package internal(set) var instances: [InstanceID: LiveInstance] = [:]
    package internal(set) var links: [AppName: ReleaseLinks] = [:]
    package internal(set) var balancers: [BalancerName: BalancerConfiguration] = [:]
    /// Counts the runs of the agent: what an earlier run had begun is forgotten.
    var run = 0
    /// Counts connections: what was on its way on an earlier one is lost.
    var connection = 0
    package internal(set) var isConnected = false
    package internal(set) var isAgentUp = true
    package internal(set) var isHostUp = true
    package internal(set) var isCut = false
    /// A direction in which nothing passes, while the connection does not know it.
    package enum Direction: String, Hashable, Sendable, CaseIterable { case toHost, fromHost }
    package internal(set) var blocked: Direction?
    /// What is on its way in the blocked direction, and comes when it opens before the connection ends.
    var held: [SimulatedFleet.Occurrence] = []
    /// The server that it is connected to, by its fence.
    var server: Int64 = 0
    /// The highest fence that an order came under; kept on the disk, as the real ledger is.
    var fenceMax: Int64 = 0
    package internal(set) var isDiskFull = false
    /// How many times longer everything takes.
    package internal(set) var slowness: Int64 = 1
    /// What every order that was carried out came to. Kept over crashes, as on a disk.
    var outcomes: [String: Problem?] = [:]
    var unacknowledged: [String] = []
    var work: [String: Work] = [:]
    package internal(set) var refusesPackages = false
    package internal(set) var refusesBalancing = false
    private var sequence: Int64 = 0
    private var nextPort = 20_000
    /// Raised whenever an instance is started or ends, so that what was foreseen for it is void.
    var generations: [InstanceID: Int] = [:]

    init(host: HostName) { self.host = host }

    mutating func report(memory: ByteCount) -> HostReport {
        sequence += 1
        return HostReport(
            host: host, sequence: sequence,
            facts: HostFacts(memory: memory, processors: 2, system: "simulated", agentVersion: "1"),
            instances: instances.values.filter { $0.state != .none }.sorted { $0.id < $1.id }, links: links,
            balancers: balancers.keys.sorted().map {
                LiveBalancer(name: $0, applied: nil, failure: nil, isRunning: true)
            })
    }

    package func isReady(_ id: InstanceID) -> Bool { isHostUp && instances[id]?.isReady == true }
    package func isRunning(_ id: InstanceID) -> Bool { isHostUp && instances[id]?.state == .running }

    /// Moves an instance through a phase, as an agent does.
    mutating func carryOut(_ phase: LifecyclePhase, _ spec: InstanceSpec, _ behaviour: Behaviour, at now: Instant)
        -> Problem?
    {
        let id = spec.id
        let state = instances[id]?.state ?? .none
        if state == phase.to { return nil }
        guard state == phase.from else {
            return Problem(
                "instance.wrong-state", "The phase \(phase.rawValue) cannot be carried out.",
                cause: "\(id) is \(state.rawValue), not \(phase.from.rawValue).", remedy: "Make a new plan.")
        }
        if isDiskFull && (phase == .install || phase == .configure) {
            return Problem(
                "disk.full", "The instance was not prepared.", cause: "No space is left on \(host).",
                remedy: "Make room on the host.")
        }
        if phase == .install && behaviour == .cannotBeInstalled {
            return Problem(
                "package.damaged", "The package was not unpacked.", cause: "It is damaged.", remedy: "Build it again.")
        }
        var instance =
            instances[id]
            ?? LiveInstance(id: id, releaseIdentity: spec.releaseIdentity, state: .none, health: .unchecked, since: now)
        instance.state = phase.to
        instance.since = now
        switch phase {
        case .configure where spec.process.run.listens && instance.port == nil:
            nextPort += 1
            instance.port = nextPort
        case .start:
            generations[id, default: 0] += 1
            let isWaitedFor = spec.process.health != nil || spec.process.replacement == .once
            instance.health = isWaitedFor ? .starting : .unchecked
            instance.failure = behaviour == .crashes ? "exit 1" : nil
        case .stop:
            generations[id, default: 0] += 1
            instance.failure = nil
            instance.health = .starting
        default: break
        }
        instances[id] = phase == .uninstall ? nil : instance
        return nil
    }

    mutating func link(_ app: AppName, _ identity: Digest) {
        guard links[app]?.current != identity else { return }
        links[app] = ReleaseLinks(current: identity, previous: links[app]?.current)
    }
}
