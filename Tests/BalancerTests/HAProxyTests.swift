import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import SystemPackage
import Testing

@testable import Agent
@testable import Core

@Suite("HAProxy's own ways", .serialized, .timeLimit(.minutes(2)))
struct HAProxyDriverTests {
    private let make: @Sendable (BalancerName, FilePath) -> any BalancerDriver = { HAProxyDriver(name: $0, root: $1) }

    @Test("Four servers change their standing without a reload, and the file says so") func switches() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            try bench.add("shop.web.1.r2", .standby)
            try bench.add("shop.web.2.r2", .standby)
            try await bench.apply()
            let driver = try #require(bench.driver as? HAProxyDriver)
            let before = try await driver.processes()
            for round in 0..<6 {
                for slot in 1...2 {
                    bench.set("shop.web.\(slot).r1", round % 2 == 0 ? .standby : .serving)
                    bench.set("shop.web.\(slot).r2", round % 2 == 0 ? .serving : .standby)
                }
                try await bench.apply()
            }
            #expect(try await driver.processes() == before)
            let folder = driver.folder
            let file = try #require(folder.text(folder.configuration))
            #expect(try await file == driver.render(bench.configuration).text)
        }
    }

    @Test("The keeper starts a killed HAProxy again") func restarts() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let (events, continuation) = AsyncStream<BalancerKeeper.Event>.makeStream()
            let driver = bench.driver
            let keeper = BalancerKeeper(
                root: bench.root, logger: Logger(label: "test"), makeDriver: { _, _ in driver },
                onEvent: { continuation.yield($0) })
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await keeper.run() }
                let process = try #require(await (driver as? HAProxyDriver)?.running?.process)
                kill(process.processID, SIGKILL)
                for await event in events {
                    guard case .restarted(let name) = event else { continue }
                    #expect(name == driver.name)
                    break
                }
                #expect(try await bench.answering(requests: 2) == ["shop.web.1.r1"])
                #expect(await keeper.live().first?.isRunning == true)
                group.cancelAll()
            }
        }
    }

    @Test("A HAProxy that was started without the pipe has no line for its descriptor, until it is started again")
    func isOlder() async throws {
        try await BalancerBench.with(instances: 1, make) { bench in
            let first = try #require(bench.driver as? HAProxyDriver)
            // Under the pipe's number it has something else now, as one that an earlier agent has started.
            unlink(first.folder.lines.string)
            #expect(mkfifo(first.folder.lines.string, 0o600) == 0)
            let next = HAProxyDriver(name: first.name, root: bench.root)
            try await next.adopt()
            #expect(next.folder.text(next.folder.configuration)?.contains("fd@9") == false)
            #expect(try await bench.answering(requests: 2) == ["shop.web.1.r1"])
            #expect(await next.live().applied == (try await bench.apply()))
            kill(try #require(await next.running?.process.processID), SIGKILL)
            try await eventually("the death is noticed") { try await next.revive() }
            #expect(next.folder.text(next.folder.configuration)?.contains("fd@9") == true)
            _ = try await bench.get("/again")
            #expect(try await BalancerLines(bench).of("/again").count == 1)
            // The bench ends what its own driver has started.
            await next.running?.process.end()
        }
    }

    @Test("What differs from the file when the agent comes back is set right") func setsRight() async throws {
        try await BalancerBench.with(instances: 2, make) { bench in
            let driver = try #require(bench.driver as? HAProxyDriver)
            let worker = try #require(try await driver.processes().worker)
            let server = bench.configuration.backends[0].servers[0]
            _ = try await driver.socket.worker(
                worker, [BalancerLine("set server", .concatenated("shop.web/", .server(server)), "state maint")])
            #expect(try await bench.answering() == ["shop.web.2.r1"])
            let next = HAProxyDriver(name: driver.name, root: bench.root)
            try await next.adopt()
            #expect(try await bench.answering() == ["shop.web.1.r1", "shop.web.2.r1"])
        }
    }
}
