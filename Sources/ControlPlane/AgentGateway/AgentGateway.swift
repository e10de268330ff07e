package import Core
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
package import Wire

/// Where agents connect: lets new hosts join, keeps one connection to each host, carries commands
/// to them and what they say to the control plane.
package final class AgentGateway: Service {
    package struct Configuration: Sendable {
        package var listenHost: String
        /// 0: any free port; `address()` tells which.
        package var listenPort: Int
        /// Names and addresses that the server's certificate is made for.
        package var names: [String]
        package var silenceMax: Interval
        /// Connections that are served at once; more are closed at the door.
        package var connectionsMax: Int
        package var serverVersion: String

        package init(
            listenHost: String = "127.0.0.1", listenPort: Int = ServerAddress.portDefault, names: [String] = [],
            silenceMax: Interval = AgentProtocol.silenceMax, connectionsMax: Int = 16_384, serverVersion: String
        ) {
            self.listenHost = listenHost
            self.listenPort = listenPort
            self.names = names
            self.silenceMax = silenceMax
            self.connectionsMax = connectionsMax
            self.serverVersion = serverVersion
        }
    }

    /// What the gateway asks the rest of the control plane.
    package struct Dependencies: Sendable {
        /// Uses the join token up, in one transaction; throws if it is unknown, used, expired or
        /// for another host.
        package var redeem: @Sendable (_ token: String, HostName) async throws(Problem) -> Void
        /// Whether the host may connect with the certificate of that serial number.
        package var isAllowed: @Sendable (HostName, _ certificateSerial: String) async throws(Problem) -> Bool
        /// Takes note of a certificate before the host gets it; throws if the one that it renews
        /// (nil: the host joins) is no longer good.
        package var issued: @Sendable (HostName, IssuedCertificate, _ renewing: String?) async throws(Problem) -> Void
        /// Bytes of a package; fewer than asked for only at its end.
        package var readPackage:
            @Sendable (Core.Digest, _ offset: Int64, _ length: Int) async throws(Problem) -> ByteBuffer
        /// Takes what agents say. An agent waits while it does, and what needs an acknowledgement
        /// (outcomes, events) is acknowledged when it returns: it must have kept it by then.
        package var observe: @Sendable (AgentObservation) async -> Void
        /// Told of every heartbeat, thousands a second: returns at once.
        package var heard: @Sendable (HostName) -> Void
        /// Keeps what a host has measured, which may come again. Acknowledged when it returns true; when it
        /// cannot be kept now, it is tried again later, before what came after it. A throw closes the
        /// connection.
        package var measured: @Sendable (HostName, ByteBuffer) async throws(Problem) -> Bool
        /// How long agents are to gather before they send.
        package var metricsInterval: @Sendable () -> Interval
        /// Keeps a host's log lines, which may come again. Acknowledged when it returns; a throw closes the
        /// connection, and they come again.
        package var logged: @Sendable (HostName, LogParcel) async throws(Problem) -> Void
        /// What a host collects of logs; nil: nothing.
        package var logCollection: @Sendable (HostName) -> LogCollection?

        package init(
            redeem: @escaping @Sendable (_ token: String, HostName) async throws(Problem) -> Void,
            isAllowed: @escaping @Sendable (HostName, _ certificateSerial: String) async throws(Problem) -> Bool,
            issued:
                @escaping @Sendable (HostName, IssuedCertificate, _ renewing: String?) async throws(Problem) -> Void,
            readPackage:
                @escaping @Sendable (Core.Digest, _ offset: Int64, _ length: Int) async throws(Problem) -> ByteBuffer,
            observe: @escaping @Sendable (AgentObservation) async -> Void,
            heard: @escaping @Sendable (HostName) -> Void,
            measured: @escaping @Sendable (HostName, ByteBuffer) async throws(Problem) -> Bool,
            metricsInterval: @escaping @Sendable () -> Interval = { .seconds(10) },
            logged: @escaping @Sendable (HostName, LogParcel) async throws(Problem) -> Void = { _, _ in },
            logCollection: @escaping @Sendable (HostName) -> LogCollection? = { _ in nil }
        ) {
            self.redeem = redeem
            self.isAllowed = isAllowed
            self.issued = issued
            self.readPackage = readPackage
            self.observe = observe
            self.heard = heard
            self.measured = measured
            self.metricsInterval = metricsInterval
            self.logged = logged
            self.logCollection = logCollection
        }
    }

    private static let sweepInterval = Duration.milliseconds(500)
    /// What a stranger has for the handshake and its first message.
    private static let helloTime = Duration.seconds(5)

    let configuration: Configuration
    let authority: FabricAuthority
    let dependencies: Dependencies
    let hub = AgentHub()
    let refused = AgentRefusals()
    let now: @Sendable () -> Instant
    let logger: Logger
    private let tls: GatewayTLS
    private let eventLoops: any EventLoopGroup
    private let bound: (stream: AsyncStream<ServerAddress>, continuation: AsyncStream<ServerAddress>.Continuation)
    private let watches = ConnectionWatches()

    /// - Parameter now: the wall clock, for certificates.
    package init(
        configuration: Configuration, authority: FabricAuthority, dependencies: Dependencies,
        now: @escaping @Sendable () -> Instant, logger: Logger,
        eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.configuration = configuration
        self.authority = authority
        self.dependencies = dependencies
        self.now = now
        self.logger = logger
        self.eventLoops = eventLoops
        tls = GatewayTLS(authority: authority, names: configuration.names, now: now)
        bound = AsyncStream<ServerAddress>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Listens and serves until it is cancelled or shut down.
    /// - Throws: `agents.listen-failed`.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.serve() }
        } catch is CancellationError {
            // The end that was asked for.
        }
    }

    /// Where it listens; waits until it does. To be called once; nil if it never listened.
    package func address() async -> ServerAddress? {
        for await address in bound.stream { return address }
        return nil
    }

    /// Hosts whose agent is connected now.
    package var connectedHosts: Set<HostName> { hub.hosts }

    /// Tells every host that is connected how long to gather.
    package func announce(metricsInterval: Interval) { hub.sendToAll(.metricsInterval(metricsInterval)) }

    /// Tells every host that is connected what it is to collect of logs.
    package func announceLogs() {
        hub.sendToAll(from: AgentProtocol.logsVersion) { .logsCollection(self.dependencies.logCollection($0)) }
    }

    /// Commands that the host has not answered.
    package func unanswered(by host: HostName) -> [AgentCommand] { hub.waiting(for: host) }

    /// Sends the command at once if the host is connected, and on each new connection until the
    /// host has said how it ended (`AgentObservation.outcome`). Given twice, it is sent once.
    /// - Throws: `agent.queue-full`.
    package func send(_ command: AgentCommand, to host: HostName) throws(Problem) { try hub.send(command, to: host) }

    /// No longer sends the command. It may be running; give `.cancel` to stop it.
    package func withdraw(_ command: CommandID, from host: HostName) { hub.remove(command, for: host) }

    /// Agents whose connection was closed for what they said or showed, the oldest first.
    package func refusals(since instant: Instant) -> [AgentRefusal] { refused.since(instant) }

    /// Closes the host's connection, as after its certificate was revoked.
    package func disconnect(_ host: HostName, because problem: Problem) { hub.session(of: host)?.close(problem) }

    /// The last lines of an instance's output, then (with `follow`) each that is added. Ends the
    /// asking when the stream is dropped.
    /// - Throws: `agent.not-connected`; the stream throws it too, when the host goes away.
    package func tail(
        _ instance: InstanceID, on host: HostName, lines: Int, follow: Bool
    ) throws(Problem) -> AsyncThrowingStream<[String], any Error> {
        guard let session = hub.session(of: host) else { throw AgentSession.gone(host) }
        return try session.tail(instance, lines: lines, follow: follow)
    }

    private func serve() async throws {
        defer { bound.continuation.finish() }
        let server = try await listen()
        try await server.executeThenClose { newcomers in
            if let port = server.channel.localAddress?.port {
                bound.continuation.yield(ServerAddress(host: configuration.listenHost, port: port))
                logger.info("listening for agents", metadata: ["port": "\(port)"])
            }
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask { try await self.endSilentConnections() }
                for try await channel in newcomers {
                    // Whoever waits, waits in the kernel, in the order in which they came.
                    await watches.waitForRoom()
                    guard watches.count < configuration.connectionsMax else {
                        channel.close(promise: nil)
                        continue
                    }
                    let number = watches.enter()
                    group.addTask {
                        await self.serve(channel, number)
                        self.watches.leave(number)
                    }
                }
            }
        }
    }

    private func serve(_ channel: any Channel, _ number: Int) async {
        guard let framed = await framed(channel) else { return }
        let watch = SilenceWatch(silenceMax: configuration.silenceMax)
        watches.watch(number, watch, framed.channel)
        await AgentDialogue(
            gateway: self, channel: framed, watch: watch, settled: { [watches] in watches.settle(number) }
        ).run()
    }

    /// One look at all connections every now and then, instead of a timer for each.
    private func endSilentConnections() async throws {
        let silenceMax = Duration.milliseconds(configuration.silenceMax.milliseconds)
        while true {
            try await Task.sleep(for: min(Self.sweepInterval, silenceMax / 4))
            for channel in watches.silent(for: silenceMax, strangersFor: min(Self.helloTime, silenceMax)) {
                logger.warning(
                    "closing an agent's connection",
                    metadata: [
                        "problem": "nothing was heard for \(silenceMax)",
                        "peer": "\(String(describing: channel.remoteAddress))",
                    ])
                FrameChannel.endReading(channel)
            }
        }
    }

    /// Gives a new connection TLS and frames, and lets it read. Only now: a connection that is
    /// accepted while the listener closes is never taken, and NIO holds that a channel with a
    /// writer which nobody ever closes is a fault of the program.
    private func framed(_ channel: any Channel) async -> FrameChannel? {
        let framed = try? await channel.eventLoop.submit { [tls] in
            try channel.pipeline.syncOperations.addHandler(try tls.handler())
            return try FrameChannel.wrapping(channel)
        }.get()
        if framed == nil { channel.close(promise: nil) }
        try? await channel.setOption(.autoRead, value: true).get()
        return framed
    }

    private func listen() async throws -> NIOAsyncChannel<any Channel, Never> {
        do {
            return try await ServerBootstrap(group: eventLoops)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.backlog, value: 4096)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.autoRead, value: false)
                // Each connection keeps what it has read into, and nearly all that is read is heartbeats.
                .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
                .bind(host: configuration.listenHost, port: configuration.listenPort) { channel in
                    channel.eventLoop.makeSucceededFuture(channel)
                }
        } catch {
            let address = ServerAddress(host: configuration.listenHost, port: configuration.listenPort)
            throw Problem(
                "agents.listen-failed", "The server does not listen for agents on \(address).",
                cause: quotedForMessage("\(error)", lengthMax: 200),
                remedy: "Free the port, or give another one with `--agents`.")
        }
    }
}
