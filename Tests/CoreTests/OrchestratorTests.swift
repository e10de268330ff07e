import Core
import Simulation
import Testing

@Suite("The orchestrator")
struct OrchestratorTests {
    private static let shop = AppName(checked: "shop")
    private static let web1 = HostName(checked: "web-1")
    private static let edge = HostName(checked: "edge-1")

    /// Two hosts and a balancer, with release 1 of `shop` on both.
    private func fleet(goesBack: Bool = true) throws -> SimulatedFleet {
        var fleet = SimulatedFleet(seed: 1, delays: .fixed)
        fleet.configure(configuration(goesBack: goesBack))
        fleet.run(for: .seconds(1))
        try deploy(1, on: &fleet)
        fleet.settle(within: .minutes(2))
        #expect(fleet.differences().isEmpty)
        return fleet
    }

    private func configuration(goesBack: Bool = true, instances: Int = 2) -> FabricConfiguration {
        var configuration = SampleFabric.configuration()
        for name in ["web-1", "web-2", "edge-1"] {
            let host = SampleFabric.host(name)
            configuration.hosts[host.name] = host
        }
        configuration.balancers[BalancerName(checked: "edge")] = BalancerSpec(
            name: BalancerName(checked: "edge"), hosts: HostSelector(hosts: [Self.edge]), listeners: [.init(port: 80)])
        configuration.apps[Self.shop] = SampleFabric.app(
            "shop", processes: [SampleFabric.process("web", instances: instances)],
            rollout: RolloutPolicy(batch: .count(1), warm: .minutes(30), automaticRollback: goesBack), routesTo: "web")
        return configuration
    }

    @discardableResult
    private func deploy(_ number: Int, on fleet: inout SimulatedFleet) throws -> Int64? {
        guard let app = fleet.orchestrator.desired?.configuration.apps[Self.shop] else { return nil }
        fleet.add(SampleFabric.release(app, number))
        return try fleet.request(.init(app: Self.shop, kind: .deploy, release: number, requestedBy: "ana"))
    }

    private func rollBack(to number: Int, on fleet: inout SimulatedFleet) throws -> Int64? {
        try fleet.request(.init(app: Self.shop, kind: .rollback, release: number, requestedBy: "bo"))
    }

    private func expectProblem(_ code: String, _ body: () throws -> Int64?) {
        do {
            Issue.record("it was not refused: \(String(describing: try body()))")
        } catch {
            #expect((error as? Problem)?.code == code)
        }
    }

    private func serving(_ fleet: SimulatedFleet) -> [Int] {
        fleet.orchestrator.records.values.filter { $0.duty == .serving }.map(\.id.release).sorted()
    }

    @Test("an app is changed by one at a time")
    func lock() throws {
        var fleet = try fleet()
        try deploy(2, on: &fleet)
        expectProblem("deploy.locked") { try deploy(3, on: &fleet) }
        expectProblem("deploy.locked") { try rollBack(to: 3, on: &fleet) }
        fleet.settle(within: .minutes(2))
        #expect(serving(fleet) == [2, 2])
    }

    @Test("a rollback to what served before ends the deploy that runs")
    func preemption() throws {
        var fleet = try fleet()
        try deploy(2, on: &fleet)
        fleet.run(for: .seconds(2))
        let id = try rollBack(to: 1, on: &fleet)
        #expect(id != nil)
        fleet.settle(within: .minutes(2))
        #expect(serving(fleet) == [1, 1])
        #expect(fleet.differences(allowsWarm: false).isEmpty)
        #expect(fleet.ended.map(\.state) == [.succeeded, .aborted, .succeeded])
    }

    @Test("a warm rollback is a switch of traffic: the old release serves at once")
    func warmRollback() throws {
        var fleet = try fleet()
        try deploy(2, on: &fleet)
        fleet.settle(within: .minutes(2))
        _ = try rollBack(to: 1, on: &fleet)
        #expect(serving(fleet) == [1, 1])
        fleet.run(for: Interval(milliseconds: 10))
        let servers = fleet.agents[Self.edge]?.balancers.values.flatMap { $0.backends.flatMap(\.servers) } ?? []
        #expect(servers.filter { $0.standing == .serving }.map(\.instance.release) == [1, 1])
    }

    @Test("a failed deploy that may not go back stays as it is, until someone says more")
    func held() throws {
        var fleet = try fleet(goesBack: false)
        fleet.behaviours[Self.shop] = [2: .neverReady]
        try deploy(2, on: &fleet)
        fleet.settle(within: .minutes(5))
        fleet.run(for: .minutes(10))
        #expect(serving(fleet) == [1, 1])
        #expect(fleet.orchestrator.desired?.overrides.held == [Self.shop])
        try deploy(3, on: &fleet)
        fleet.settle(within: .minutes(5))
        #expect(serving(fleet) == [3, 3])
        #expect(fleet.orchestrator.desired?.overrides.held == [])
    }

    @Test("an aborted execution can be retried, and locks nothing")
    func retryAborted() throws {
        var fleet = try fleet(goesBack: false)
        let begun = try deploy(2, on: &fleet)
        let id = try #require(begun)
        fleet.run(for: .seconds(1))
        try fleet.control(id, .abort)
        #expect(fleet.orchestrator.executions.isEmpty)
        try fleet.control(id, .retry)
        fleet.settle(within: .minutes(2))
        #expect(serving(fleet) == [2, 2])
    }

    @Test("a control plane that restarts leaves its balancers the servers that are recorded")
    func restart() throws {
        var fleet = try fleet()
        fleet.restartControlPlane()
        fleet.run(for: Interval(milliseconds: 400))
        for configuration in fleet.agents[Self.edge]?.balancers.values.map(\.self) ?? [] {
            #expect(configuration.backends.flatMap(\.servers).count == 2)
        }
        // The edge reports before the others.
        var orchestrator = Orchestrator(memory: fleet.store.memory, settings: .init(fence: 9), at: fleet.now)
        let report = HostReport(
            host: Self.edge, sequence: 1,
            facts: HostFacts(memory: .mebibytes(100), processors: 1, system: "", agentVersion: ""))
        let sent = orchestrator.receive(.reported(report), at: fleet.now).compactMap { action in
            if case .send(let order) = action, case .balance(let configuration, _) = order.operation {
                configuration
            } else {
                nil
            }
        }
        #expect(sent.map { $0.backends.flatMap(\.servers).count } == [2])
    }

    @Test("a heartbeat brings back a host that was only slow")
    func slow() throws {
        var fleet = try fleet()
        var loop = fleet.orchestrator
        for second in stride(from: Int64(3), through: 12, by: 3) {
            _ = loop.receive(.timePassed, at: fleet.now + .seconds(second))
        }
        #expect(loop.hosts[Self.web1]?.contact == .silent)
        _ = loop.receive(.heard(Self.web1), at: fleet.now + .seconds(13))
        #expect(loop.hosts[Self.web1]?.contact == .connected)
        fleet.run(for: .seconds(2))
    }

    @Test("a clock that jumps makes no host silent and no step late", arguments: [3600, 60, -60] as [Int64])
    func jump(seconds: Int64) throws {
        var fleet = try fleet()
        var loop = fleet.orchestrator
        let jumped = fleet.now + .seconds(seconds)
        let actions = loop.receive(.timePassed, at: jumped)
        #expect(loop.hosts.values.allSatisfy { $0.contact == .connected })
        #expect(actions.isEmpty)
        // Silence is measured from there on.
        for second in stride(from: Int64(3), through: 12, by: 3) {
            _ = loop.receive(.timePassed, at: jumped + .seconds(second))
        }
        #expect(loop.hosts.values.allSatisfy { $0.contact == .silent })
        fleet.run(for: .seconds(2))
    }

    @Test("after a start, hosts that wait for their turn to come back are not given up")
    func slowReturn() throws {
        let fleet = try fleet()
        var loop = Orchestrator(memory: fleet.store.memory, settings: .init(fence: 9), at: fleet.now)
        let hosts = fleet.store.memory.joinedHosts.sorted()
        let grace = FabricPolicy().lostHostGrace
        var now = fleet.now
        // One comes back at a time, each nearly a whole grace period after the other.
        for host in hosts.dropLast() {
            for _ in 0..<Int(grace.milliseconds / 1000 - 1) {
                now = now + .seconds(1)
                _ = loop.receive([.timePassed], at: now)
            }
            #expect(!loop.hosts.values.contains { $0.contact == .lost })
            let report = HostReport(
                host: host, sequence: 1,
                facts: HostFacts(memory: .mebibytes(100), processors: 1, system: "", agentVersion: ""))
            _ = loop.receive([.reported(report)], at: now)
            for other in hosts where loop.hosts[other]?.contact == .connected {
                _ = loop.receive([.heard(other)], at: now)
            }
        }
        // The last one does not.
        for second in 0...(grace.milliseconds / 1000 + 1) {
            _ = loop.receive([.timePassed], at: now + .seconds(second))
        }
        #expect(loop.hosts[try #require(hosts.last)]?.contact == .lost)
    }

    @Test("events that are taken together end where they would have ended one by one")
    func together() throws {
        let fleet = try fleet()
        let reports = fleet.orchestrator.hosts.values.compactMap(\.report).sorted { $0.host < $1.host }
        let events = reports.map { Orchestrator.Event.reported($0) } + [.disconnected(Self.web1), .heard(Self.web1)]
        var oneByOne = Orchestrator(memory: fleet.store.memory, settings: .init(fence: 9), at: fleet.now)
        var together = oneByOne
        for event in events { _ = oneByOne.receive(event, at: fleet.now) }
        _ = together.receive(events, at: fleet.now)
        #expect(together.hosts == oneByOne.hosts)
        #expect(Set(together.records.values) == Set(oneByOne.records.values))
        #expect(together.executions.keys == oneByOne.executions.keys)
    }

    @Test("an app that git loses for a moment keeps what still serves (simulator, storm, seed 61)")
    func lostForAMoment() throws {
        var fleet = try fleet()
        try deploy(2, on: &fleet)
        fleet.settle(within: .minutes(2))
        var without = configuration()
        without.apps[Self.shop] = nil
        fleet.configure(without)
        // What was warm goes first.
        fleet.run(for: Interval(milliseconds: 50))
        #expect(fleet.orchestrator.executions[Self.shop] != nil)
        fleet.configure(configuration())
        fleet.settle(within: .minutes(2))
        #expect(fleet.ended.contains { $0.state == .aborted })
        #expect(!fleet.announcements.contains { if case .balancerRefused = $0 { true } else { false } })
        #expect(fleet.differences().isEmpty)
        let starts = fleet.ended.flatMap(\.machine.steps).filter { progress in
            if case .phase(_, let id, .start) = progress.step.action { id.release == 2 } else { false }
        }
        // Nothing that served was stopped, so nothing had to be started again.
        #expect(starts.count == 2)
    }

    @Test("an instance that is recorded nowhere is removed")
    func unexpected() throws {
        var fleet = try fleet()
        var configuration = configuration()
        configuration.hosts[Self.web1] = nil
        fleet.cut(Self.web1, for: nil)
        fleet.run(for: .seconds(12))
        fleet.configure(configuration)
        fleet.run(for: .minutes(1))
        #expect(fleet.agents[Self.web1]?.instances.isEmpty == false)
        fleet.heal(Self.web1)
        fleet.settle(within: .minutes(2))
        #expect(fleet.agents[Self.web1]?.instances.isEmpty == true)
    }

    @Test("a refused balancer fails the deploy, which goes back; it is asked again later")
    func refusal() throws {
        var fleet = try fleet()
        fleet.setRefusals(on: Self.edge, packages: false, balancing: true)
        try deploy(2, on: &fleet)
        fleet.run(for: .seconds(20))
        #expect(fleet.ended.contains { $0.kind == .deploy && $0.state == .failed })
        fleet.setRefusals(on: Self.edge, packages: false, balancing: false)
        fleet.run(for: .minutes(5))
        fleet.settle(within: .minutes(5))
        #expect(serving(fleet) == [1, 1])
        #expect(fleet.differences().isEmpty)
    }

    @Test("an approved plan is refused when what would be done has changed")
    func stale() throws {
        var fleet = try fleet()
        let app = try #require(fleet.orchestrator.desired?.configuration.apps[Self.shop])
        fleet.add(SampleFabric.release(app, 2))
        var request = Orchestrator.Request(app: Self.shop, kind: .deploy, release: 2, requestedBy: "ana")
        request.approved = try fleet.orchestrator.plan(request, at: fleet.now)
        fleet.override { $0.scale[Self.shop] = [ProcessName(checked: "web"): 3] }
        fleet.settle(within: .minutes(2))
        expectProblem("plan.stale") { try fleet.request(request) }
        request.approved = try fleet.orchestrator.plan(request, at: fleet.now)
        let id = try fleet.request(request)
        #expect(id != nil)
    }

    @Test("a large app is deployed in time that grows with it")
    func large() throws {
        var fleet = SimulatedFleet(seed: 1, delays: .fixed)
        fleet.isRemembering = false
        fleet.configure(configuration(instances: 400))
        fleet.run(for: .seconds(1))
        try deploy(1, on: &fleet)
        let machine = fleet.orchestrator.executions[Self.shop]?.machine
        #expect((machine?.steps.count ?? 0) > 1600)
    }
}
