import Core

/// A fleet that is worked on, and works against us, as a seed decides.
///
/// In calm weather people deploy, roll back, scale and drain, releases are bad, connections are
/// cut for a moment and the control plane restarts; nobody who asks for a page may notice. In a
/// storm instances, agents and hosts die too, and all that is asked is that everything comes
/// right when it is over.
package struct FleetExercise: Sendable {
    package enum Weather: Sendable { case calm, storm }

    private static let shop = AppName(checked: "shop")
    private static let api = AppName(checked: "api")

    package private(set) var fleet: SimulatedFleet
    private let weather: Weather
    private var configuration: FabricConfiguration
    private var lastRelease: [AppName: Int] = [:]
    private var commit = 1

    package init(seed: UInt64, weather: Weather) {
        self.weather = weather
        fleet = SimulatedFleet(seed: seed)
        configuration = SampleFabric.configuration()
        configuration.policy.lostHostGrace = .seconds(20)
        for number in 1...5 {
            let host = SampleFabric.host("web-\(number)", zone: ["a", "b", "c"][number % 3], memory: .mebibytes(2048))
            configuration.hosts[host.name] = host
        }
        let edge = SampleFabric.host("edge-1", zone: "a")
        configuration.hosts[edge.name] = edge
        let balancer = BalancerSpec(
            name: BalancerName(checked: "edge"), hosts: HostSelector(hosts: [edge.name]), listeners: [.init(port: 80)])
        configuration.balancers[balancer.name] = balancer
        // Blue and green are refused where memory lacks for both.
        let strategies = RolloutPolicy.Strategy.allCases.filter { $0 != .blueGreen || weather == .calm }
        let rollout = RolloutPolicy(
            strategy: fleet.random.pick(strategies) ?? .rolling, batch: .percent(50), settle: .seconds(2),
            canary: CanaryPolicy(instances: .count(1), hold: .seconds(20)), parallelMax: 4, warm: .seconds(60))
        // Some hosts have no room for both releases of an instance.
        let memory = ByteCount.mebibytes(fleet.random.pick([128, 256, 700]) ?? 256)
        configuration.apps[Self.shop] = SampleFabric.app(
            "shop",
            processes: [
                SampleFabric.process("web", instances: 4, memory: weather == .calm ? .mebibytes(128) : memory),
                SampleFabric.process("worker", instances: 2, replacement: .inPlace, memory: .mebibytes(128)),
            ], rollout: rollout, routesTo: "web")
        configuration.apps[Self.api] = SampleFabric.app(
            "api", processes: [SampleFabric.process("web", instances: 2, memory: .mebibytes(64))], rollout: rollout,
            routesTo: "web")
    }

    /// Runs the exercise.
    /// - Returns: the rules that were broken; empty when all went well.
    package mutating func run(acts: Int) -> [String] {
        fleet.configure(configuration)
        fleet.run(for: .seconds(5))
        for app in [Self.shop, Self.api] { deploy(app, .good) }
        fleet.settle(within: .minutes(5))
        if !fleet.differences().isEmpty { return fleet.violations + ["the first deploy: \(fleet.differences())"] }
        fleet.setStrict(weather == .calm)
        for _ in 0..<acts where fleet.violations.isEmpty {
            act()
            fleet.run(for: fleet.random.interval(0...12_000))
        }
        return fleet.violations.isEmpty ? calmDown() : fleet.violations
    }

    /// Faults stop, people go home: the fleet comes right by itself.
    private mutating func calmDown() -> [String] {
        fleet.note("faults stop")
        for host in configuration.hosts.keys.sorted() {
            fleet.setRefusals(on: host, packages: false, balancing: false)
            if weather == .storm { fleet.heal(host) }
        }
        fleet.override { $0.drained = [] }
        for execution in fleet.orchestrator.executions.values where execution.state == .paused {
            try? fleet.control(execution.id, .resume)
        }
        fleet.settle(within: .minutes(30))
        for app in [Self.shop, Self.api] {
            let desired = fleet.orchestrator.desired
            let isBad = fleet.behaviours[app]?[desired?.releases[app]?.number ?? 0] != nil
            if isBad || desired?.overrides.held.contains(app) == true { deploy(app, .good) }
        }
        fleet.settle(within: .minutes(30))
        // A balancer that refused is asked again after half a minute.
        fleet.run(for: .minutes(2))
        fleet.settle(within: .minutes(30))
        if !fleet.violations.isEmpty { return fleet.violations }
        if !fleet.isQuiet {
            return [
                "it never becomes quiet: \(fleet.orchestrator.executions.values.map { "\($0.id) \($0.kind) \($0.machine.steps.filter { $0.state != .succeeded }.map(\.step.title))" })"
            ]
        }
        var found = fleet.differences()
        // What is warm goes when its time is over, and nothing is begun after that.
        fleet.run(for: .minutes(12))
        fleet.settle(within: .minutes(10))
        found += fleet.differences(allowsWarm: false)
        let count = fleet.ended.count
        fleet.run(for: .minutes(10))
        if fleet.ended.count > count {
            found.append(
                "executions go on for ever: \(fleet.ended.suffix(3).map { "\($0.kind) \($0.machine.plan.changes.map(\.reason))" })"
            )
        }
        return fleet.violations + found
    }

    private mutating func act() {
        let roll = Int.random(in: 0..<100, using: &fleet.random)
        let app = fleet.random.chance(oneIn: 3) ? Self.api : Self.shop
        switch roll {
        case 0..<18: deploy(app, .good)
        case 18..<26: deploy(app, fleet.random.pick(bad) ?? .crashes)
        case 26..<36: rollBack(app)
        case 36..<44: scale(app)
        case 44..<50: drain()
        case 50..<56: controlSomething()
        case 56..<60: deploy(app, .good, filter: true)
        case 60..<66: fleet.restartControlPlane()
        case 66..<72: if let host = anyHost() { fleet.cut(host, for: fleet.random.interval(100...8000)) }
        case 72..<75: reconfigure()
        default: if weather == .storm { strike() }
        }
    }

    /// A release that fails after it was admitted takes instances from service, whatever one does.
    private var bad: [SimulatedAgent.Behaviour] {
        [.neverReady, .crashes, .cannotBeInstalled] + (weather == .storm ? [.sickens] : [])
    }

    /// A fault that people would notice.
    private mutating func strike() {
        guard let host = anyHost() else { return }
        switch Int.random(in: 0..<7, using: &fleet.random) {
        case 0, 1:
            let running = (fleet.agents[host]?.instances ?? [:]).values.filter { $0.state == .running }.map(\.id)
                .sorted()
            if let id = fleet.random.pick(running) { fleet.kill(id, on: host) }
        case 2: fleet.cut(host, for: fleet.random.interval(10_000...90_000))
        case 3: fleet.crashAgent(host, for: fleet.random.interval(100...40_000))
        case 4: fleet.crashHost(host, for: fleet.random.interval(1000...120_000))
        case 5: fleet.setRefusals(on: host, packages: true, balancing: fleet.random.chance(oneIn: 2))
        default: fleet.setRefusals(on: host, packages: false, balancing: false)
        }
    }

    private mutating func anyHost() -> HostName? { fleet.random.pick(configuration.hosts.keys.sorted()) }

    private mutating func deploy(_ app: AppName, _ behaviour: SimulatedAgent.Behaviour, filter: Bool = false) {
        guard let spec = configuration.apps[app] else { return }
        let number = (lastRelease[app] ?? 0) + 1
        lastRelease[app] = number
        fleet.behaviours[app, default: [:]][number] = behaviour == .good ? nil : behaviour
        fleet.add(SampleFabric.release(spec, number, at: fleet.now))
        _ = try? fleet.request(
            Orchestrator.Request(
                app: app, kind: .deploy, release: number, requestedBy: "ana",
                filter: filter ? { @Sendable slot, _ in slot.number % 2 == 1 } : nil))
    }

    private mutating func rollBack(_ app: AppName) {
        guard let last = lastRelease[app], last > 1 else { return }
        let good = (1..<last).filter { fleet.behaviours[app]?[$0] == nil }
        guard let number = fleet.random.chance(oneIn: 2) ? good.last : fleet.random.pick(good) else { return }
        _ = try? fleet.request(Orchestrator.Request(app: app, kind: .rollback, release: number, requestedBy: "bo"))
    }

    private mutating func scale(_ app: AppName) {
        let process = ProcessName(checked: app == Self.shop && fleet.random.chance(oneIn: 3) ? "worker" : "web")
        let count = Int.random(in: 1...6, using: &fleet.random)
        fleet.override { $0.scale[app, default: [:]][process] = count }
    }

    private mutating func drain() {
        guard let host = anyHost(), host.text != "edge-1" else { return }
        fleet.override { if $0.drained.remove(host) == nil && $0.drained.count < 2 { $0.drained.insert(host) } }
    }

    /// A commit that changes a count, or takes the smaller app away and brings it back.
    private mutating func reconfigure() {
        commit += 1
        configuration.commit = String(SampleFabric.digest("commit", commit).hex.prefix(40))
        var next = configuration
        if weather == .storm && fleet.random.chance(oneIn: 3) { next.apps[Self.api] = nil }
        fleet.configure(next)
        if next.apps[Self.api] == nil {
            fleet.run(for: fleet.random.interval(100...20_000))
            fleet.configure(configuration)
        }
    }

    private mutating func controlSomething() {
        let running = fleet.orchestrator.executions.values.sorted { $0.id < $1.id }
        if let execution = fleet.random.pick(running) {
            let controls: [ExecutionControl] =
                execution.state == .paused ? [.resume, .resume, .abort] : [.pause, .abort, .resume, .retry]
            if let control = fleet.random.pick(controls) { try? fleet.control(execution.id, control) }
        } else if let execution = fleet.random.pick(fleet.orchestrator.retryable.values.sorted(by: { $0.id < $1.id })) {
            try? fleet.control(execution.id, .retry)
        }
    }
}
