import FoundationEssentials
import SystemPackage
import Testing

@testable import Agent
@testable import Core

@Suite("nginx's own ways", .serialized, .timeLimit(.minutes(2)))
struct NginxDriverTests {
    private func with(instances: Int, _ body: (BalancerBench, NginxDriver) async throws -> Void) async throws {
        try await BalancerBench.with(instances: instances, { NginxDriver(name: $0, root: $1) }) { bench in
            try await body(bench, try #require(bench.driver as? NginxDriver))
        }
    }

    @Test("An answer that is larger than a socket's buffer arrives whole") func largeAnswers() async throws {
        try await with(instances: 1) { _, driver in
            let servers =
                "backend shop.web - -\n"
                + (1...20_000).map { "server shop.web.\($0).r1 127.0.77.2 9 100 standby\n" }.joined()
            try await driver.control.set(servers: servers)
            for _ in 0..<5 { #expect(try await driver.control.state().servers == servers) }
        }
    }

    @Test("Counters of servers that have gone leave nginx's memory, and stay counted") func forgets() async throws {
        try await with(instances: 2) { bench, driver in
            _ = try await bench.answering(requests: 8)
            bench.configuration.backends[0].servers.removeLast()
            try await bench.apply()
            let before = try await bench.served()
            #expect(before.values.reduce(0, +) == 8 && before["shop.web.2.r1"] ?? 0 > 0)
            #expect(Set(try await driver.control.counts().servers.keys) == ["shop.web.1.r1"])
            #expect(try await bench.served() == before)
        }
    }

    @Test("Its log says why no instance answered, in few lines") func explains() async throws {
        try await with(instances: 1) { bench, driver in
            bench.backends[0].kill()
            for _ in 0..<20 { #expect(try await bench.get().hasPrefix("HTTP/1.1 50")) }
            let log = try #require(driver.folder.text(driver.folder.run.appending("error.log")))
            let lines = log.split(separator: "\n").filter { $0.contains("failed since the line before") }
            #expect((1...8).contains(lines.count) && lines[0].contains("\(bench.backends[0].port)"), "\(log)")
        }
    }
}
