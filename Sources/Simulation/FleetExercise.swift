package import Core

/// A fleet that is worked on, and works against us, as a scenario says.
package struct FleetExercise: Sendable {
    package private(set) var fleet: SimulatedFleet
    private let scenario: Scenario
    private var configuration: FabricConfiguration
    private let apps: [AppName]
    private let hosts: [HostName]
    private var lastRelease: [AppName: Int] = [:]
    private var commit = 1
    /// When git gets an app back that it lost.
    private var returns: [(at: Instant, app: AppName)] = []
    /// What was done, with the time since the start.
    package private(set) var done: [(at: Interval, text: String)] = []
    /// From the end of all faults until everything was as desired.
    package private(set) var healing: Interval?
    private let began: Instant

    package init(scenario: Scenario, isRemembering: Bool = false) {
        self.scenario = scenario
        configuration = scenario.configuration
        apps = configuration.apps.keys.sorted()
        hosts = configuration.hosts.keys.sorted()
        fleet = SimulatedFleet(seed: SeededRandom.scattered(~scenario.seed))
        fleet.isRemembering = isRemembering
        began = fleet.now
    }

    /// How long the fabric has lived, by its own clock.
    package var lived: Interval { fleet.now - began }

    /// Runs the exercise.
    /// - Parameter watch: shown the fleet before each act.
    /// - Returns: the rules that were broken; empty when all went well.
    package mutating func run(watch: (SimulatedFleet) -> Void = { _ in }) -> [BrokenRule] {
        fleet.configure(configuration)
        fleet.run(for: .seconds(5))
        for app in apps { deploy(app, .good, everyOther: false) }
        fleet.settle(within: .minutes(10))
        let placed = fleet.differences()
        if !fleet.violations.isEmpty || !placed.isEmpty {
            return fleet.violations + placed.map { BrokenRule(.convergence, "after the first deploy: \($0)") }
        }
        fleet.setStrict(scenario.weather == .calm)
        for act in scenario.acts where fleet.violations.isEmpty {
            fleet.run(for: act.after)
            watch(fleet)
            bringBack()
            if configuration.apps.values.contains(where: { $0.rollout.pause != nil }) { letGo() }
            done.append((fleet.now - began, "\(act.act)"))
            carryOut(act.act)
        }
        fleet.run(for: .seconds(5))
        return fleet.violations.isEmpty ? calmDown() : fleet.violations
    }

    private mutating func bringBack() {
        for lost in returns where lost.at <= fleet.now {
            configuration.apps[lost.app] = scenario.configuration.apps[lost.app]
            commitConfiguration()
        }
        returns.removeAll { $0.at <= fleet.now }
    }

    /// People let go on what waits for them.
    private mutating func letGo() {
        for execution in fleet.orchestrator.executions.values.sorted(by: { $0.id < $1.id })
        where execution.state == .paused {
            try? fleet.control(execution.id, .resume)
        }
    }

    /// Runs until nothing is under way, and nothing waits for people.
    private mutating func settle() {
        for _ in 0..<30 {
            letGo()
            if fleet.settle(within: .minutes(5)) { return }
        }
    }

    // MARK: Afterwards

    /// Faults stop, people go home: the fleet comes right by itself.
    private mutating func calmDown() -> [BrokenRule] {
        fleet.note("faults stop")
        for host in hosts {
            fleet.setRefusals(on: host, packages: false, balancing: false)
            fleet.fillDisk(host, false)
            fleet.slow(host, times: 1)
            fleet.heal(host)
        }
        fleet.mendServer()
        configuration.apps = scenario.configuration.apps
        returns = []
        commitConfiguration()
        // What waited for a disk or a sleeping server goes first.
        fleet.run(for: .seconds(3))
        fleet.override { $0.drained = [] }
        let calmAt = fleet.now
        settle()
        for app in apps {
            let desired = fleet.orchestrator.desired
            let isBad = fleet.behaviours[app]?[desired?.releases[app]?.number ?? 0] != nil
            if isBad || desired?.overrides.held.contains(app) == true { deploy(app, .good, everyOther: false) }
        }
        settle()
        healing = fleet.now - calmAt
        // A balancer that refused is asked again after half a minute.
        fleet.run(for: .minutes(2))
        settle()
        if !fleet.violations.isEmpty { return fleet.violations }
        if !fleet.isQuiet { return [BrokenRule(.rest, "it never becomes quiet: \(fleet.underWay)")] }
        var found = fleet.differences().map { BrokenRule(.convergence, $0) }
        // What is warm goes when its time is over, and nothing is begun after that.
        fleet.run(for: configuration.apps.values.map(\.rollout.warm).max() ?? .minutes(1))
        fleet.run(for: .minutes(2))
        fleet.settle(within: .minutes(10))
        found += fleet.differences(allowsWarm: false).map { BrokenRule(.convergence, $0) }
        let count = fleet.ended.count
        fleet.run(for: .minutes(7))
        if fleet.ended.count > count {
            let last = fleet.ended.suffix(3).map { "\($0.kind) \($0.machine.plan.changes.map(\.reason))" }
            found.append(BrokenRule(.rest, "executions go on for ever: \(last)"))
        }
        return fleet.violations + found
            + fleet.audit.gaps(ends: fleet.store.endStates).map { BrokenRule(.audit, $0) }
    }

    // MARK: Acts

    private func host(_ number: Int) -> HostName { hosts[number % hosts.count] }
    private func app(_ number: Int) -> AppName { apps[number % apps.count] }

    private mutating func carryOut(_ act: Act) {
        switch act {
        case .deploy(let number, let behaviour, let everyOther): deploy(app(number), behaviour, everyOther: everyOther)
        case .rollBack(let number, let pick): rollBack(app(number), pick)
        case .scale(let number, let process, let count): scale(app(number), process, count)
        case .drain(let number):
            let host = host(number)
            // What has to be there for everyone is not drained, as nobody would.
            guard fleet.agents[host]?.balancers.isEmpty == true else { return }
            fleet.override { if $0.drained.remove(host) == nil && $0.drained.count < 2 { $0.drained.insert(host) } }
        case .control(let control, let pick): self.control(control, pick)
        case .commit: commitConfiguration()
        case .removeApp(let number, let interval):
            guard configuration.apps.count > 1 else { return }
            configuration.apps[app(number)] = nil
            returns.append((fleet.now + interval, app(number)))
            commitConfiguration()
        case .restartServer: fleet.restartControlPlane()
        case .serverDiesAfterSaving: fleet.dieAfterSaving()
        case .serverSleeps(let interval): fleet.freeze(for: interval)
        case .serverIsReplaced(let interval): fleet.supersede(sleeping: interval)
        case .storeFails(let operations, let interval): fleet.breakStore(after: operations, for: interval)
        case .clockIsSet(let interval): fleet.stepClock(by: interval)
        case .cut(let number, let interval): fleet.cut(host(number), for: interval)
        case .block(let number, let direction, let interval): fleet.block(host(number), direction, for: interval)
        case .slowHost(let number, let times): fleet.slow(host(number), times: times)
        case .killInstance(let number, let pick):
            let running = (fleet.agents[host(number)]?.instances ?? [:]).values.filter { $0.state == .running }
            guard !running.isEmpty else { return }
            fleet.kill(running.map(\.id).sorted()[pick % running.count], on: host(number))
        case .crashAgent(let number, let interval): fleet.crashAgent(host(number), for: interval)
        case .crashHost(let number, let interval): fleet.crashHost(host(number), for: interval)
        case .fillDisk(let number, let isFull): fleet.fillDisk(host(number), isFull)
        case .refuse(let number, let packages, let balancing):
            fleet.setRefusals(on: host(number), packages: packages, balancing: balancing)
        }
    }

    private mutating func deploy(_ app: AppName, _ behaviour: SimulatedAgent.Behaviour, everyOther: Bool) {
        guard let spec = configuration.apps[app] else { return }
        let number = (lastRelease[app] ?? 0) + 1
        lastRelease[app] = number
        fleet.behaviours[app, default: [:]][number] = behaviour == .good ? nil : behaviour
        fleet.add(SampleFabric.release(spec, number, at: fleet.now))
        request(
            Orchestrator.Request(
                app: app, kind: .deploy, release: number, requestedBy: "ana",
                filter: everyOther ? { @Sendable slot, _ in slot.number % 2 == 1 } : nil))
    }

    private mutating func rollBack(_ app: AppName, _ pick: Int) {
        guard let last = lastRelease[app], last > 1 else { return }
        let good = (1..<last).filter { fleet.behaviours[app]?[$0] == nil }
        guard !good.isEmpty else { return }
        let number = pick % 2 == 0 ? good[good.count - 1] : good[pick / 2 % good.count]
        request(Orchestrator.Request(app: app, kind: .rollback, release: number, requestedBy: "bo"))
    }

    private mutating func request(_ request: Orchestrator.Request) {
        do {
            _ = try fleet.request(request)
        } catch {
            fleet.note("refused: \(error)")
            if error.code == "plan.unsafe" {
                fleet.violate(with: try? fleet.orchestrator.plan(request, at: fleet.clock), error)
            }
        }
    }

    private mutating func scale(_ app: AppName, _ process: Int, _ count: Int) {
        let processes = (configuration.apps[app]?.processes.keys.sorted() ?? [])
        guard !processes.isEmpty else { return }
        fleet.override { $0.scale[app, default: [:]][processes[process % processes.count]] = count }
    }

    private mutating func commitConfiguration() {
        commit += 1
        configuration.commit = String(SampleFabric.digest("commit", commit).hex.prefix(40))
        fleet.configure(configuration)
    }

    private mutating func control(_ control: Act.Control, _ pick: Int) {
        let running = fleet.orchestrator.executions.values.sorted { $0.id < $1.id }
        guard !running.isEmpty else {
            let retryable = fleet.orchestrator.retryable.values.sorted { $0.id < $1.id }
            guard !retryable.isEmpty else { return }
            try? fleet.control(retryable[pick % retryable.count].id, .retry)
            return
        }
        let execution = running[pick % running.count]
        let steps = execution.machine.steps
        let choice: ExecutionControl =
            switch control {
            case .pause: .pause
            case .resume: .resume
            case .abort: .abort
            case .retry: .retry
            // A step that a person cancels is theirs to answer for, so only what cannot hurt is.
            case .cancelStep: steps.first { $0.step.isLink }.map { .cancelStep($0.step.id) } ?? .resume
            }
        try? fleet.control(execution.id, choice)
    }
}

extension Step {
    fileprivate var isLink: Bool { if case .link = action { true } else { false } }
}
