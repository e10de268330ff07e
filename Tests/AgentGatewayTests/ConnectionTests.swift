import Core
import ServiceLifecycle
import Synchronization
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("A host's connection")
struct ConnectionTests {
    private let host: HostName

    init() throws { host = try HostName("web-1") }

    private func command(_ id: String, fence: Int64 = 1, timeout: Interval = .seconds(10)) throws -> AgentCommand {
        AgentCommand(
            id: CommandID(id), fence: fence, timeout: timeout, operation: .awaitReady(try InstanceID("shop.web.1.r1")))
    }

    @Test("Join, connect, report, command, output, outcome: all of it over one socket")
    func wholeWay() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let command = try command("e/1/1")
        try await serving(gateway) { [host] server in
            let token = await fabric.tokens.mint(fabric.authority, for: host, expiresAt: systemTime() + .minutes(1))
            let folder = TemporaryFolder()
            let identity = try await AgentJoin.join(server: server, token: token, host: host, folder: folder.path)
            let agent = try TestAgent(host, identity: identity, server: server) { _, output in
                output("working")
                return nil
            }
            // Given before the agent is there: it waits.
            try gateway.send(command, to: host)
            try await agent.running {
                try await fabric.seen.waitForConnection(of: host)
                #expect(gateway.connectedHosts == [host])
                agent.events.record(.agentStarted, text: "hello", at: systemTime())
                try await fabric.seen.wait { seen in
                    seen.contains { if case .outcome(host, let outcome) = $0 { outcome.problem == nil } else { false } }
                        && seen.contains { if case .output(host, command.id, "working") = $0 { true } else { false } }
                        && seen.contains {
                            if case .event(host, let event) = $0 { event.text == "hello" } else { false }
                        }
                }
                try await fabric.heard.wait { $0.contains(host) }
                // A change is reported without being asked for.
                agent.reports.change { $0.facts.processors = 64 }
                agent.changed.yield()
                try await fabric.seen.wait { seen in
                    seen.contains { if case .report(let report) = $0 { report.facts.processors == 64 } else { false } }
                }
                #expect(gateway.unanswered(by: host).isEmpty)
            }
            try await fabric.seen.waitForDisconnection(of: host)
            #expect(gateway.connectedHosts.isEmpty)
        }
    }

    @Test("Before the outcome of a command comes a report that shows what it did")
    func reportFirst() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let command = try command("e/1/1")
        let identity = try fabric.identity(host)
        try await serving(gateway) { [host] server in
            let source = Mutex<ReportSource?>(nil)
            let agent = try TestAgent(host, identity: identity, server: server) { _, _ in
                source.withLock { $0 }?.change { $0.facts.processors = 99 }
                return nil
            }
            source.withLock { $0 = agent.reports }
            try await agent.running {
                try gateway.send(command, to: host)
                try await fabric.seen.wait { $0.contains { if case .outcome = $0 { true } else { false } } }
                let values = fabric.seen.values
                let outcome = try #require(values.firstIndex { if case .outcome = $0 { true } else { false } })
                #expect(
                    values[..<outcome].contains {
                        if case .report(let report) = $0 { report.facts.processors == 99 } else { false }
                    })
            }
        }
    }

    @Test("A server that starts again finds its agents, and a command that it gives again runs once")
    func serverRestart() async throws {
        let fabric = try Fabric()
        let command = try command("e/1/1")
        let identity = try fabric.identity(host)
        let carriedOut = Recorder<CommandID>()
        let release = Signal()
        let network = Forwarder(to: ServerAddress(host: "127.0.0.1", port: 1))
        try await network.running { [host] address in
            let agent = try TestAgent(host, identity: identity, server: address) { command, _ in
                carriedOut.add(command.id)
                await release.wait()
                return nil
            }
            try await agent.running {
                let first = fabric.gateway()
                try await serving(first) { server in
                    network.redirect(to: server)
                    try await fabric.seen.waitForConnection(of: host)
                    try first.send(command, to: host)
                    try await carriedOut.wait { $0.count == 1 }
                }
                try await fabric.seen.waitForDisconnection(of: host)
                // The command ends while the server is away.
                release.give()
                let second = fabric.gateway()
                try second.send(command, to: host)
                try await serving(second) { server in
                    network.redirect(to: server)
                    try await fabric.seen.waitForConnection(of: host, times: 2)
                    try await fabric.heard.wait { _ in second.unanswered(by: host).isEmpty }
                }
            }
        }
        #expect(carriedOut.values == [command.id])
        #expect(!fabric.seen.outcomes.isEmpty)
        #expect(fabric.seen.outcomes.allSatisfy { $0.command == command.id && $0.problem == nil })
    }

    @Test("Cuts of the network are survived, and what happened meanwhile is told afterwards")
    func cuts() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let identity = try fabric.identity(host)
        try await serving(gateway) { [host] server in
            let network = Forwarder(to: server)
            try await network.running { address in
                let agent = try TestAgent(host, identity: identity, server: address)
                try await agent.running {
                    for cut in 1...5 {
                        try await fabric.seen.waitForConnection(of: host, times: cut)
                        network.cut()
                        agent.events.record(.crashLoop, text: "\(cut)", at: systemTime())
                    }
                    try await fabric.seen.wait { seen in
                        let texts = seen.compactMap { if case .event(_, let event) = $0 { event.text } else { nil } }
                        return Set(texts) == ["1", "2", "3", "4", "5"]
                    }
                }
            }
        }
    }

    @Test("A network that swallows everything is noticed at both ends")
    func halfOpen() async throws {
        let fabric = try Fabric()
        let short = Interval(milliseconds: 400)
        let identity = try fabric.identity(host)
        try await serving(fabric.gateway(silenceMax: short)) { [host] server in
            let network = Forwarder(to: server)
            try await network.running { address in
                let agent = try TestAgent(host, identity: identity, server: address, silenceMax: short)
                try await agent.running {
                    try await fabric.seen.waitForConnection(of: host)
                    network.freeze()
                    try await fabric.seen.waitForDisconnection(of: host)
                    try await within { while agent.connection.isConnected { await Task.yield() } }
                }
            }
        }
    }

    @Test("A command is stopped when its time is up, and when it is cancelled")
    func timeAndCancel() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let identity = try fabric.identity(host)
        let slow = try command("slow", timeout: Interval(milliseconds: 50))
        let cancelled = try command("cancelled")
        let cancel = AgentCommand(
            id: CommandID("cancel"), fence: 1, timeout: .seconds(1), operation: .cancel(cancelled.id))
        try await serving(gateway) { [host] server in
            let agent = try TestAgent(host, identity: identity, server: server) { _, _ in
                await Signal().wait()
                return Problem("test.stopped", "It was stopped.", cause: "The task was cancelled.", remedy: "None.")
            }
            try await agent.running {
                try gateway.send(slow, to: host)
                try gateway.send(cancelled, to: host)
                try await agent.carriedOut.wait { $0.count == 2 }
                try gateway.send(cancel, to: host)
                try await fabric.seen.wait { _ in Set(fabric.seen.outcomes.map(\.command)).count == 3 }
            }
        }
        let codes = Dictionary(
            fabric.seen.outcomes.map { ($0.command.text, $0.problem?.code) }, uniquingKeysWith: { first, _ in first })
        #expect(codes == ["slow": "command.timed-out", "cancelled": "test.stopped", "cancel": nil])
    }

    @Test("A newer connection of a host takes the older one's place")
    func newer() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let identity = try fabric.identity(host)
        try await serving(gateway) { [host] server in
            let older = try TestAgent(host, identity: identity, server: server)
            let younger = try TestAgent(host, identity: identity, server: server)
            try await older.running {
                try await fabric.seen.waitForConnection(of: host)
                try await younger.running {
                    try await fabric.seen.waitForConnection(of: host, times: 2)
                    try await within { while older.connection.isConnected { await Task.yield() } }
                    #expect(gateway.connectedHosts == [host])
                    let wasLost = fabric.seen.values.contains { if case .disconnected = $0 { true } else { false } }
                    #expect(!wasLost)
                }
            }
        }
    }

    @Test("An instance's output is followed, and a host that goes away ends it with a reason")
    func tail() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let identity = try fabric.identity(host)
        let instance = try InstanceID("shop.web.1.r1")
        try await serving(gateway) { [host] server in
            #expect(throws: Problem.self) { try gateway.tail(instance, on: host, lines: 1, follow: false) }
            let agent = try TestAgent(host, identity: identity, server: server)
            let followed = try await agent.running {
                try await fabric.seen.waitForConnection(of: host)
                var lines: [String] = []
                for try await batch in try gateway.tail(instance, on: host, lines: 3, follow: false) { lines += batch }
                #expect(lines == ["line 1", "line 2", "line 3"])
                let stream = try gateway.tail(instance, on: host, lines: 2, follow: true)
                for try await batch in stream {
                    #expect(batch == ["line 1", "line 2"])
                    break
                }
                return try gateway.tail(instance, on: host, lines: 2, follow: true)
            }
            let problem = try await within {
                try await #require(throws: Problem.self) { for try await _ in followed {} }
            }
            #expect(problem.code == "agent.not-connected")
        }
    }

    @Test("A certificate is renewed on the connection, before it expires")
    func renewal() async throws {
        let fabric = try Fabric()
        let old = systemTime() + Interval(milliseconds: -70 * 86_400_000)
        let identity = try fabric.identity(host, at: old)
        try await serving(fabric.gateway()) { [host] server in
            let agent = try TestAgent(host, identity: identity, server: server)
            try await agent.running {
                try await within {
                    while try AgentIdentity.load(folder: agent.folder.path) == nil { await Task.yield() }
                }
            }
            let renewed = try #require(try AgentIdentity.load(folder: agent.folder.path))
            #expect(renewed.certificatePEM != identity.certificatePEM && renewed.renewsAt > systemTime())
            try await TestAgent(host, identity: renewed, server: server).running {
                try await fabric.seen.waitForConnection(of: host, times: 2)
            }
        }
    }

    @Test("Both ends are services, and end when they are asked to")
    func services() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let identity = try fabric.identity(host)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let server = ServiceGroup(services: [gateway], logger: quiet)
            group.addTask { try await server.run() }
            let address = try #require(await gateway.address())
            let agent = try TestAgent(host, identity: identity, server: address)
            let client = ServiceGroup(services: [agent.connection], logger: quiet)
            group.addTask { try await client.run() }
            try await fabric.seen.waitForConnection(of: host)
            await client.triggerGracefulShutdown()
            try await fabric.seen.waitForDisconnection(of: host)
            await server.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    @Test("200 agents at once")
    func fleet() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let hosts = try (1...200).map { try HostName("host-\($0)") }
        let command = try command("e/1/1")
        try await serving(gateway) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for host in hosts {
                    let agent = try TestAgent(
                        host, identity: try fabric.identity(host), server: server, heartbeat: .seconds(3))
                    try gateway.send(command, to: host)
                    group.addTask { try? await agent.connection.run() }
                }
                try await fabric.seen.wait(.seconds(60)) { _ in fabric.seen.outcomes.count >= hosts.count }
                #expect(gateway.connectedHosts.count == hosts.count)
                group.cancelAll()
            }
        }
    }
}
