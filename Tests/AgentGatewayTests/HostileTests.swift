import Core
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing
import Wire

@testable import Agent
@testable import ControlPlane

@Suite("What no agent of ours does")
struct HostileTests {
    private let host: HostName

    init() throws { host = try HostName("web-1") }

    /// Speaks frames of its own making, as the host of the identity or (nil) as a stranger.
    private func speak<Result: Sendable>(
        to server: ServerAddress, _ fabric: Fabric, as identity: AgentIdentity?,
        _ body: @escaping @Sendable (NIOAsyncChannelInboundStream<Frame>, FrameWriter) async throws -> Result
    ) async throws -> Result {
        let channel =
            if let identity {
                try await AgentTLS.connect(to: server, as: identity, on: MultiThreadedEventLoopGroup.singleton)
            } else {
                try await AgentTLS.connect(
                    to: server, authorityFingerprint: fabric.authority.fingerprint,
                    on: MultiThreadedEventLoopGroup.singleton)
            }
        return try await within { try await channel.executeThenClose { try await body($0, $1) } }
    }

    /// Sends the messages and returns what the server refuses them with.
    private func refusal(
        _ messages: [AgentMessage], to fabric: Fabric, as identity: AgentIdentity?
    ) async throws -> Problem? {
        try await serving(fabric.gateway()) { server in
            try await speak(to: server, fabric, as: identity) { inbound, writer in
                // The server may have ended the connection before all is sent.
                do {
                    for message in messages { try await writer.send(message) }
                } catch is ChannelError {} catch is IOError {}
                do {
                    for try await frame in inbound {
                        if case .refused(let problem) = try frame.messageFromServer { return problem }
                    }
                } catch is IOError {}
                return nil
            }
        }
    }

    private func hello(_ host: HostName) -> AgentMessage {
        .hello(AgentHello(protocolVersion: AgentProtocol.version, host: host, run: 1))
    }

    @Test("Host A, with its certificate, does not pass for host B")
    func otherHost() async throws {
        let fabric = try Fabric()
        let problem = try await refusal([hello(try HostName("web-2"))], to: fabric, as: try fabric.identity(host))
        #expect(problem?.code == "agent.refused")
        #expect(fabric.seen.values.isEmpty)
    }

    @Test("Without a certificate nothing but joining is possible")
    func stranger() async throws {
        let fabric = try Fabric()
        #expect(try await refusal([hello(host)], to: fabric, as: nil)?.code == "agent.refused")
        let heartbeat = AgentMessage.heartbeat(sequence: 1)
        #expect(try await refusal([heartbeat], to: fabric, as: nil)?.code == "agent.refused")
        #expect(fabric.seen.values.isEmpty)
    }

    @Test("Counters that no balancer can have end the connection")
    func impossibleCounters() async throws {
        let instance = try InstanceID("shop.web.1.r7")
        func message(_ traffic: Traffic, times: Int = 1) -> AgentMessage {
            let server = ServerTraffic(instance: instance, traffic: traffic)
            return .traffic([
                BalancerTraffic(
                    balancer: BalancerName(checked: "edge"), servers: Array(repeating: server, count: times))
            ])
        }
        func latency(_ text: String) throws -> Latency { try JSONDecoder().decode(Latency.self, from: Data(text.utf8)) }
        let hostile = [
            message(Traffic(requests: -1)), message(Traffic(requests: 5, failed: -1)),
            message(Traffic(requests: .max)), message(Traffic(requests: 1, failed: .max)),
            message(Traffic(requests: 1, latency: try latency(#"{"buckets":{"-4":1}}"#))),
            message(Traffic(requests: 1, latency: try latency(#"{"buckets":{"99999999":1}}"#))),
            message(Traffic(requests: 1, latency: try latency(#"{"buckets":{"5":-9}}"#))),
        ]
        for message in hostile {
            let fabric = try Fabric()
            let problem = try await refusal([hello(host), message], to: fabric, as: try fabric.identity(host))
            #expect(problem?.code == "agent.report-refused")
        }
        #expect(throws: Problem.self) {
            try ReportCheck.check([
                BalancerTraffic(
                    balancer: BalancerName(checked: "edge"),
                    servers: Array(
                        repeating: ServerTraffic(instance: instance, traffic: Traffic()), count: 1_000_000))
            ])
        }
    }

    @Test("A revoked certificate does not come in")
    func revoked() async throws {
        let fabric = try Fabric()
        fabric.revoked.withLock { _ = $0.insert(host) }
        let problem = try await refusal([hello(host)], to: fabric, as: try fabric.identity(host))
        #expect(problem?.code == "agent.certificate-refused")
    }

    @Test("A certificate of another fabric, and one that has expired, are refused by TLS")
    func foreignCertificates() async throws {
        let fabric = try Fabric()
        let foreign = try Fabric("staging").identity(host)
        var disguised = foreign
        disguised.authorityPEM = fabric.authority.certificatePEM
        let expired = try fabric.identity(host, at: systemTime() + Interval(milliseconds: -91 * 86_400_000))
        for identity in [disguised, expired] {
            await #expect(throws: (any Error).self) { try await refusal([hello(host)], to: fabric, as: identity) }
        }
        #expect(fabric.seen.values.isEmpty)
    }

    @Test("An agent does not talk to another host that plays the server with its own certificate")
    func hostAsServer() async throws {
        let fabric = try Fabric()
        let thief = try fabric.identity(try HostName("web-2"))
        let victim = try fabric.identity(host)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMBytes(
                Array("\(thief.certificatePEM)\n\(thief.authorityPEM)".utf8)
            )
            .map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(thief.privateKeyPEM.utf8), format: .pem)))
        configuration.minimumTLSVersion = .tlsv13
        let context = try NIOSSLContext(configuration: configuration)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    return try FrameChannel.wrapping(channel)
                }
            }
        let address = ServerAddress(host: "127.0.0.1", port: try #require(listener.channel.localAddress?.port))
        await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await listener.executeThenClose { newcomers in
                    for try await newcomer in newcomers {
                        try? await newcomer.executeThenClose { inbound, _ in
                            for try await _ in inbound { Issue.record("The agent spoke to another host.") }
                        }
                    }
                }
            }
            await #expect(throws: (any Error).self) {
                try await speak(to: address, fabric, as: victim) { inbound, writer in
                    try await writer.send(hello(host))
                    for try await _ in inbound {}
                }
            }
            await #expect(throws: (any Error).self) {
                try await speak(to: address, fabric, as: nil) { inbound, writer in
                    try await writer.send(hello(host))
                    for try await _ in inbound {}
                }
            }
            group.cancelAll()
        }
    }

    @Test("Reports that are for another host, or absurd, end the connection")
    func reports() async throws {
        let fabric = try Fabric()
        let identity = try fabric.identity(host)
        let good = ReportSource(host: host).next()
        var other = good
        other.host = try HostName("web-2")
        var many = good
        many.instances = try (1...10_001).map { slot in
            LiveInstance(
                id: try InstanceID("shop.web.\(slot).r1"),
                releaseIdentity: Digest(bytes: [UInt8](repeating: 0, count: 32)),
                state: .running, health: .healthy, since: Instant(milliseconds: 0))
        }
        var absurd = good
        absurd.facts.memory = ByteCount(bytes: -1)
        var port = good
        port.instances = [many.instances[0]]
        port.instances[0].port = 70_000
        var twice = good
        twice.instances = [many.instances[0], many.instances[0]]
        var times = [good, good]
        for (index, instant) in [Int64.min, Int64.max].enumerated() {
            times[index].instances = [many.instances[0]]
            times[index].instances[0].since = Instant(milliseconds: instant)
        }
        for report in [other, many, absurd, port, twice] + times {
            let problem = try await refusal([hello(host), .report(report)], to: fabric, as: identity)
            #expect(problem?.code == "agent.report-refused")
        }
        #expect(!fabric.seen.values.contains { if case .report = $0 { true } else { false } })
    }

    @Test("Who was refused is remembered: a line for each host, however often it comes back")
    func remembered() async throws {
        let fabric = try Fabric()
        let gateway = fabric.gateway()
        let began = systemTime()
        try await serving(gateway) { server in
            for name in ["web-1", "web-2", "web-1"] {
                let identity = try fabric.identity(try HostName(name))
                try await speak(to: server, fabric, as: identity) { inbound, writer in
                    try await writer.send(hello(try HostName("web-9")))
                    for try await _ in inbound {}
                }
            }
        }
        let refusals = gateway.refusals(since: began)
        #expect(refusals.map(\.host?.text) == ["web-2", "web-1"])
        #expect(refusals.map(\.count) == [1, 2])
        #expect(refusals.allSatisfy { $0.problem.cause.contains("web-9") && $0.peer == "127.0.0.1" })
    }

    @Test("A gigabyte in frames that say nothing takes no memory: the first one ends the connection")
    func gigabyte() async throws {
        let fabric = try Fabric()
        let identity = try fabric.identity(host)
        var report = ReportSource(host: host).next()
        report.facts.system = String(repeating: "x", count: 200_000)
        let hostile = report
        let before = residentBytes()
        let problem = try await refusal(
            [hello(host)] + Array(repeating: AgentMessage.report(hostile), count: 50), to: fabric, as: identity)
        // The word may be lost with the connection; the doctor has it all the same.
        #expect(problem == nil || problem?.code == "agent.report-refused")
        #expect(!fabric.seen.values.contains { if case .report = $0 { true } else { false } })
        #expect(residentBytes() - before < 64 << 20)
    }

    /// Resident memory of this process: the second figure of statm, in pages.
    private func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 4096 } ?? 0
    }

    @Test("A gigabyte that is announced, or words that are no protocol of ours, end the connection")
    func bytes() async throws {
        let fabric = try Fabric()
        let hostile: [[UInt8]] = [
            [0x40, 0, 0, 0, UInt8(ascii: "J")], Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 0, 0, 1, UInt8(ascii: "J")],
        ]
        try await serving(fabric.gateway()) { server in
            for bytes in hostile {
                let context = try NIOSSLContext(configuration: insecure)
                let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: server.host, port: server.port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(
                                try NIOSSLClientHandler(context: context, serverHostname: nil))
                            return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                        }
                    }
                let answer = try await within {
                    try await channel.executeThenClose { inbound, writer in
                        try await writer.write(ByteBuffer(bytes: bytes))
                        var answer = ByteBuffer()
                        for try await bytes in inbound { answer.writeImmutableBuffer(bytes) }
                        return String(buffer: answer)
                    }
                }
                #expect(answer.contains("agent.frame-invalid"))
            }
        }
    }

    private var insecure: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        return configuration
    }

    @Test("Who says nothing, or a byte at a time, is shown the door", arguments: [false, true])
    func slow(drips: Bool) async throws {
        let fabric = try Fabric()
        try await serving(fabric.gateway(silenceMax: Interval(milliseconds: 300))) { server in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: server.host, port: server.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if drips {
                            let context = try NIOSSLContext(configuration: insecure)
                            try channel.pipeline.syncOperations.addHandler(
                                try NIOSSLClientHandler(context: context, serverHostname: nil))
                        }
                        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            try await within {
                try? await channel.executeThenClose { inbound, writer in
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            for try await _ in inbound {}
                        }
                        if drips {
                            group.addTask {
                                try await writer.write(ByteBuffer(bytes: [0, 0, 255, 0, UInt8(ascii: "J")]))
                                for await _ in ticks { try await writer.write(ByteBuffer(bytes: [UInt8(ascii: " ")])) }
                            }
                        }
                        try await group.next()
                        group.cancelAll()
                    }
                }
            }
        }
    }

    /// A tick every 50 ms.
    private var ticks: AsyncStream<Void> { AsyncStream { try? await Task.sleep(for: .milliseconds(50)) } }
}
