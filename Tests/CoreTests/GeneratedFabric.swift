import Core
import Simulation

/// A fabric in some state that faults may have left it in, drawn from a seed, with what is wanted
/// of it now. Its parts are lists, so that a failing one can be made smaller.
struct GeneratedFabric: Sendable {
    struct Process: Hashable, Sendable {
        var name: String
        var instances: Int
        var replacement: Replacement
        var memory: Int64
        var isRouted: Bool
    }

    struct Instance: Hashable, Sendable {
        var process: Int
        var slot: Int
        var release: Int
        var host: Int
        var duty: InstanceRecord.Duty
        var state: LifecycleState
        var health: Health
        var failure: String?
    }

    struct Host: Hashable, Sendable {
        var contact: LiveHost.Contact
        var isDrained: Bool
        var memory: Int64
    }

    var hosts: [Host]
    var processes: [Process]
    var instances: [Instance]
    var kind: Plan.Kind
    var release: Int
    var batch: Share
    var strategy: RolloutPolicy.Strategy
    var unavailableMax: Allowance?
    var surge: Allowance?
    var warm: Interval
    var keepsWarm: Bool
    var isHeld: Bool
    var now = Instant(milliseconds: 10_000_000)

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        func roll(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        hosts = (0..<roll(1...6)).map { _ in
            Host(
                contact: [.connected, .connected, .connected, .connected, .silent, .lost, .expected][roll(0...6)],
                isDrained: roll(0...7) == 0, memory: [512, 1024, 4096][roll(0...2)])
        }
        processes = (0..<roll(1...3)).map { index in
            let isRouted = index == 0 && roll(0...3) > 0
            return Process(
                name: ["web", "worker", "mail"][index], instances: roll(0...5),
                replacement: roll(0...3) == 0 || (!isRouted && roll(0...1) == 0) ? .inPlace : .beside,
                memory: [64, 128, 400][roll(0...2)], isRouted: isRouted)
        }
        release = roll(1...3)
        kind = [.deploy, .deploy, .rollback, .reconcile][roll(0...3)]
        batch = [.percent(25), .percent(50), .percent(100), .count(1)][roll(0...3)]
        strategy = RolloutPolicy.Strategy.allCases[roll(0...3)]
        unavailableMax = [nil, nil, .zero, .share(.percent(50)), .share(.count(1))][roll(0...4)]
        surge = strategy == .blueGreen ? nil : [nil, nil, .share(.percent(25)), .share(.count(1))][roll(0...3)]
        warm = roll(0...3) == 0 ? .seconds(0) : .minutes(10)
        keepsWarm = roll(0...3) > 0
        isHeld = roll(0...5) == 0
        instances = []
        var taken: Set<String> = []
        for _ in 0..<roll(0...12) {
            let process = roll(0...(processes.count - 1))
            let found = Instance(
                process: process, slot: roll(1...5), release: roll(1...3), host: roll(0...(hosts.count - 1)),
                duty: [
                    .serving, .serving, .serving, .starting, .warm(until: now + .minutes(Int64(roll(-1...5)))),
                    .leaving,
                ][
                    roll(0...5)],
                state: [.running, .running, .running, .stopped, .installed, .none][roll(0...5)],
                health: [.healthy, .healthy, .unhealthy, .starting][roll(0...3)],
                failure: roll(0...9) == 0 ? "exit 1" : nil)
            guard taken.insert("\(found.process) \(found.slot) \(found.release) \(found.host)").inserted else {
                continue
            }
            instances.append(found)
        }
    }

    private var policy: RolloutPolicy {
        RolloutPolicy(
            strategy: strategy, batch: batch, unavailableMax: unavailableMax, surge: surge, parallelMax: 4, warm: warm)
    }

    private func hostName(_ index: Int) -> HostName { SampleFabric.name("web-\(index + 1)") }

    private func id(_ instance: Instance) -> InstanceID {
        InstanceID(
            app: SampleFabric.name("shop"), process: SampleFabric.name(processes[instance.process].name),
            slot: instance.slot, release: instance.release)
    }

    private var known: [Instance] { instances.filter { $0.process < processes.count && $0.host < hosts.count } }

    var desired: DesiredModel {
        var configuration = SampleFabric.configuration()
        configuration.policy.lostHostsMax = .percent(100)
        var overrides = Overrides()
        for (index, host) in hosts.enumerated() {
            let name = hostName(index)
            configuration.hosts[name] = SampleFabric.host(name.text, memory: .mebibytes(host.memory))
            if host.isDrained { overrides.drained.insert(name) }
        }
        var app = SampleFabric.app(
            "shop",
            processes: processes.map {
                SampleFabric.process(
                    $0.name, instances: $0.instances, replacement: $0.replacement, memory: .mebibytes($0.memory))
            }, rollout: policy)
        app.routes = processes.filter(\.isRouted).map { RouteSpec(host: "a.example", to: SampleFabric.name($0.name)) }
        configuration.apps[app.name] = app
        if isHeld { overrides.held.insert(app.name) }
        return DesiredModel(
            revision: 1, configuration: configuration, overrides: overrides,
            releases: [app.name: SampleFabric.release(app, release)])
    }

    var records: [InstanceRecord] {
        known.map { InstanceRecord(id: id($0), host: hostName($0.host), duty: $0.duty, port: 20_000) }
    }

    var live: LiveModel {
        var live: [HostName: LiveHost] = [:]
        for (index, host) in hosts.enumerated() {
            let name = hostName(index)
            let mine = known.filter { $0.host == index && $0.state != .none }.map {
                LiveInstance(
                    id: id($0), releaseIdentity: SampleFabric.digest("shop release", $0.release), state: $0.state,
                    health: $0.health, port: 20_000, failure: $0.failure, since: now)
            }
            let facts = HostFacts(
                memory: .mebibytes(host.memory), processors: 2, system: "generated", agentVersion: "1")
            let report = HostReport(host: name, sequence: 1, facts: facts, instances: mine)
            live[name] = LiveHost(
                name: name, contact: host.contact, lastHeard: now, report: host.contact == .expected ? nil : report)
        }
        return LiveModel(revision: 1, at: now, hosts: live)
    }

    var plan: Plan {
        let desired = desired
        let live = live
        let records = records
        let standing = FleetStanding(desired: desired, live: live)
        let orchestrator = Orchestrator(
            memory: Orchestrator.Memory(desired: desired, records: records), settings: Orchestrator.Settings(fence: 1),
            at: now)
        let placement = Placement(
            desired: desired, live: live, standing: standing, current: orchestrator.currentHosts())
        return Planner(
            app: SampleFabric.name("shop"), desired: desired, live: live, records: InstanceRecords(records),
            placement: placement,
            standing: standing, options: Planner.Options(kind: kind, keepsWarm: keepsWarm), now: now
        ).plan()
    }

    func findings(in plan: Plan) -> [PlanFinding] {
        PlanLinter(
            desired: desired, live: live, records: records, limits: PlanLinter.Limits(policy: policy)
        ).findings(in: plan)
    }

    /// The smallest fabric found, by leaving parts out one after another, that still fails.
    func shrunk(while fails: (GeneratedFabric) -> Bool) -> GeneratedFabric {
        var smallest = self
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in smallest.smaller where fails(candidate) {
                smallest = candidate
                isSmaller = true
                break
            }
        }
        return smallest
    }

    private var smaller: [GeneratedFabric] {
        var found: [GeneratedFabric] = []
        for index in instances.indices {
            var candidate = self
            candidate.instances.remove(at: index)
            found.append(candidate)
        }
        if hosts.count > 1 {
            var candidate = self
            candidate.hosts.removeLast()
            found.append(candidate)
        }
        if processes.count > 1 {
            var candidate = self
            candidate.processes.removeLast()
            found.append(candidate)
        }
        for index in processes.indices where processes[index].instances > 0 {
            var candidate = self
            candidate.processes[index].instances -= 1
            found.append(candidate)
        }
        return found
    }
}
