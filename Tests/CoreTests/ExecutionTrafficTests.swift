import Core
import Simulation
import Testing

@Suite("Traffic around an execution")
struct ExecutionTrafficTests {
    private static let shop = AppName(checked: "shop")
    private static let edge = HostName(checked: "edge-1")
    private static let balancer = BalancerName(checked: "edge")

    /// Release 1 of `shop` serves on two hosts behind a balancer.
    private func fleet() throws -> SimulatedFleet {
        var fleet = SimulatedFleet(seed: 1, delays: .fixed)
        var configuration = SampleFabric.configuration()
        for name in ["web-1", "web-2", "edge-1"] {
            let host = SampleFabric.host(name)
            configuration.hosts[host.name] = host
        }
        configuration.balancers[Self.balancer] = BalancerSpec(
            name: Self.balancer, hosts: HostSelector(hosts: [Self.edge]), listeners: [.init(port: 80)])
        configuration.apps[Self.shop] = SampleFabric.app(
            "shop", processes: [SampleFabric.process("web", instances: 2)],
            rollout: RolloutPolicy(batch: .count(1), settle: .seconds(0), warm: .minutes(30)), routesTo: "web")
        fleet.configure(configuration)
        fleet.run(for: .seconds(1))
        try deploy(1, on: &fleet)
        fleet.settle(within: .minutes(2))
        fleet.run(for: .minutes(2))
        return fleet
    }

    private func deploy(_ number: Int, on fleet: inout SimulatedFleet) throws {
        let app = try #require(fleet.orchestrator.desired?.configuration.apps[Self.shop])
        fleet.add(SampleFabric.release(app, number))
        try fleet.request(.init(app: Self.shop, kind: .deploy, release: number, requestedBy: "ana"))
    }

    /// Running totals of the first instance of each release.
    private func count(_ totals: [Int: Int64], failed: Int64 = 0, on fleet: inout SimulatedFleet) throws {
        let servers = try totals.map { release, requests in
            var traffic = Traffic(requests: requests, failed: failed)
            traffic.latency.record(microseconds: 2000, times: requests)
            return ServerTraffic(instance: try InstanceID("shop.web.1.r\(release)"), traffic: traffic)
        }
        fleet.count(servers, host: Self.edge, balancer: Self.balancer)
    }

    private func finish(_ fleet: inout SimulatedFleet) {
        for _ in 0..<600 where !fleet.orchestrator.executions.isEmpty { fleet.run(for: Interval(milliseconds: 100)) }
    }

    private func saved(_ execution: Int64, _ fleet: SimulatedFleet) -> ExecutionTraffic? {
        fleet.store.traffic[execution]?.figures
    }

    @Test("each release's requests are told before, during and after, and are final half a minute later")
    func phases() throws {
        var fleet = try fleet()
        try count([1: 1000], on: &fleet)
        fleet.run(for: .minutes(2))
        try count([1: 1100], on: &fleet)
        fleet.run(for: .seconds(30))
        try count([1: 1150], on: &fleet)
        try deploy(2, on: &fleet)
        finish(&fleet)
        let id = try #require(fleet.ended.last?.id)
        #expect(fleet.ended.last?.state == .succeeded)
        #expect(saved(id, fleet)?.isFinal == false)
        try count([1: 1150, 2: 40], failed: 2, on: &fleet)
        fleet.run(for: .seconds(31))
        let traffic = try #require(saved(id, fleet))
        #expect(traffic.isFinal)
        try #require(traffic.releases.map(\.release) == [2, 1])
        #expect(traffic.releases[1].before.requests == 150)
        #expect(traffic.releases[1].during == .init())
        #expect(traffic.releases[0].after.requests == 40)
        #expect(traffic.releases[0].after.failed == 2)
        let median = try #require(traffic.releases[0].after.p50Microseconds)
        #expect((2000...2125).contains(median))
        #expect(traffic.beforeMilliseconds == 60_000)
        #expect(traffic.afterMilliseconds == 30_000)
        #expect(fleet.store.traffic[id]?.checkpoint == nil)
        // What comes later belongs to nobody's execution.
        try count([2: 500], on: &fleet)
        fleet.run(for: .minutes(1))
        #expect(saved(id, fleet) == traffic)
    }

    @Test("a control plane that restarts in the middle loses nothing of it and doubles nothing")
    func restart() throws {
        var fleet = try fleet()
        try count([1: 1_000_000], on: &fleet)
        try deploy(2, on: &fleet)
        let id = try #require(fleet.orchestrator.executions[Self.shop]?.id)
        try fleet.control(id, .pause)
        try count([1: 1_000_010], on: &fleet)
        fleet.run(for: .seconds(12))
        // Counted after the last save.
        try count([1: 1_000_015], on: &fleet)
        fleet.restartControlPlane()
        fleet.run(for: .seconds(5))
        try count([1: 1_000_020], on: &fleet)
        try count([1: 1_000_020], on: &fleet)
        try fleet.control(id, .resume)
        finish(&fleet)
        #expect(saved(id, fleet)?.releases.first { $0.release == 1 }?.during.requests == 20)
        // And once more after its end.
        fleet.restartControlPlane()
        fleet.run(for: .minutes(1))
        #expect(saved(id, fleet)?.isFinal == true)
        #expect(saved(id, fleet)?.releases.first { $0.release == 1 }?.during.requests == 20)
    }

    @Test("a balancer that the host was not given, and a server that the balancer was not, are not counted")
    func foreign() throws {
        var fleet = try fleet()
        try count([1: 10], on: &fleet)
        let before = fleet.orchestrator.traffic
        for instance in ["shop.web.77.r1", "shop.web.1.r9", "nobody.web.1.r1"] {
            let server = ServerTraffic(instance: try InstanceID(instance), traffic: Traffic(requests: 5))
            fleet.count([server], host: Self.edge, balancer: Self.balancer)
        }
        let server = ServerTraffic(instance: try InstanceID("shop.web.1.r1"), traffic: Traffic(requests: 50))
        fleet.count([server], host: HostName(checked: "web-1"), balancer: Self.balancer)
        fleet.count([server], host: Self.edge, balancer: BalancerName(checked: "other"))
        #expect(fleet.orchestrator.traffic == before)
    }

    @Test("executions one after another keep what was served between them, each request once")
    func sums() throws {
        var fleet = try fleet()
        var totals: [Int: Int64] = [1: 1000]
        // Where counting begins.
        try count(totals, on: &fleet)
        for release in 2...8 {
            try deploy(release, on: &fleet)
            for _ in 0..<600 where !fleet.orchestrator.executions.isEmpty {
                totals[release - 1, default: 0] += 7
                totals[release, default: 0] += 5
                try count(totals, on: &fleet)
                fleet.run(for: Interval(milliseconds: 100))
            }
            totals[release, default: 0] += 11
            try count(totals, on: &fleet)
        }
        fleet.run(for: .seconds(31))
        let executions = fleet.ended.map(\.id)
        let kept = try executions.reduce(into: Int64(0)) { sum, id in
            // The first one put release 1 there.
            guard id != executions.first else { return }
            for release in try #require(saved(id, fleet)).releases {
                sum += release.during.requests + release.after.requests
            }
        }
        #expect(kept == totals.values.reduce(0, +) - 1000)
    }

    @Test("the app's next execution ends the counting for the one before")
    func next() throws {
        var fleet = try fleet()
        try count([1: 10], on: &fleet)
        try deploy(2, on: &fleet)
        finish(&fleet)
        let first = try #require(fleet.ended.last?.id)
        try fleet.request(.init(app: Self.shop, kind: .rollback, release: 1, requestedBy: "bo"))
        #expect(saved(first, fleet)?.isFinal == true)
        try count([1: 25], on: &fleet)
        fleet.run(for: .minutes(1))
        let second = try #require(fleet.ended.last?.id)
        #expect(second > first)
        let again = saved(second, fleet)?.releases.first { $0.release == 1 }
        #expect(again.map { $0.during.requests + $0.after.requests } == 15)
    }
}
