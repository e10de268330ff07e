import Logging
import SystemPackage
import Testing

@testable import Agent
@testable import Core

@Suite("The keeper of balancers", .serialized, .timeLimit(.minutes(2)))
struct BalancerKeeperTests {
    private let logger = Logger(label: "test")

    @Test("Another engine takes over and gives back, and the next agent knows which it was") func engines() async throws
    {
        try await BalancerBench.with(instances: 2, { HAProxyDriver(name: $0, root: $1) }) { bench in
            try await bench.driver.stop()
            let keeper = BalancerKeeper(root: bench.root, logger: logger, onEvent: { _ in })
            for engine in [BalancerEngine.haproxy, .nginx, .haproxy] {
                bench.configuration.engine = engine
                try await apply(bench, keeper)
                #expect(try await bench.answering() == ["shop.web.1.r1", "shop.web.2.r1"])
                let next = BalancerKeeper(root: bench.root, logger: logger, onEvent: { _ in })
                await next.adopt()
                #expect(await next.live().first?.isRunning == true)
                #expect(await next.live().first?.failure == nil)
                #expect(await next.traffic()[bench.driver.name]?.isEmpty == false)
            }
            try await keeper.remove(bench.driver.name)
        }
    }

    @Test("An engine that does not start leaves the one before serving") func missing() async throws {
        try await BalancerBench.with(instances: 1, { HAProxyDriver(name: $0, root: $1) }) { bench in
            try await bench.driver.stop()
            let root = bench.root
            let keeper = BalancerKeeper(
                root: root, logger: logger,
                makeDriver: { name, engine in
                    switch engine {
                    case .haproxy: HAProxyDriver(name: name, root: root)
                    case .nginx: NginxDriver(name: name, root: root, executable: "/nowhere/nginx")
                    }
                }, onEvent: { _ in })
            try await apply(bench, keeper)
            bench.configuration.engine = .nginx
            let problem = await #expect(throws: Problem.self) { try await apply(bench, keeper) }
            #expect(problem?.code == "balancer.nginx-missing", "\(String(describing: problem))")
            #expect(try await bench.answering(requests: 2) == ["shop.web.1.r1"])
            try await keeper.remove(bench.driver.name)
        }
    }

    private func apply(_ bench: BalancerBench, _ keeper: BalancerKeeper) async throws {
        try await keeper.apply(bench.configuration, drained: [], deadline: ContinuousClock().now + .seconds(10))
    }
}
