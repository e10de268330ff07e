import Agent
import Core
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Wire

/// What the whole crowd has done so far.
final class CrowdCounts: Sendable {
    let attempts = Atomic(0)
    let welcomed = Atomic(0)
    let connected = Atomic(0)
    let refused = Atomic(0)
    let heartbeats = Atomic(0)
    let answers = Atomic(0)
    let commands = Atomic(0)
}

/// One agent: connects, says hello and reports, beats, obeys every order at once, and comes back
/// as a real agent does. All of it happens on its event loop.
final class CrowdHost: @unchecked Sendable {
    private let identity: CrowdIdentity
    private let server: ServerAddress
    private let source: SocketAddress
    private let heartbeat: TimeAmount
    private let counts: CrowdCounts
    private let eventLoop: any EventLoop
    private var report: HostReport
    private var reconnection = Reconnection()
    private var channel: (any Channel)?
    private var beat: RepeatedTask?
    private var sequence: Int64 = 0
    private var isMute = false

    init(
        _ report: HostReport, identity: CrowdIdentity, server: ServerAddress, source: SocketAddress,
        heartbeat: TimeAmount, counts: CrowdCounts, on eventLoop: any EventLoop
    ) {
        self.report = report
        self.identity = identity
        self.server = server
        self.source = source
        self.heartbeat = heartbeat
        self.counts = counts
        self.eventLoop = eventLoop
    }

    func start() { eventLoop.execute { self.handle(.started) } }

    /// Says nothing any more and reads nothing, as a host whose cable was cut: its socket stays open.
    func mute() {
        eventLoop.execute {
            self.isMute = true
            self.beat?.cancel()
            self.channel?.setOption(.autoRead, value: false).whenComplete { _ in }
        }
    }

    /// Closes its connection and does not come back, as an agent that was killed.
    func end() {
        eventLoop.execute {
            self.isMute = true
            self.channel?.close(promise: nil)
        }
    }

    /// Reports that one of its instances has changed.
    func change() {
        eventLoop.execute {
            guard !self.report.instances.isEmpty else { return }
            let index = Int(self.report.sequence) % self.report.instances.count
            let isHealthy = self.report.instances[index].health == .healthy
            self.report.instances[index].health = isHealthy ? .unhealthy : .healthy
            self.report.instances[index].since = CrowdFabric.now()
            self.sendReport()
        }
    }

    private func handle(_ event: Reconnection.Event) {
        guard !isMute else { return }
        switch reconnection.receive(event, at: CrowdFabric.now(), lot: Double.random(in: 0...1)) {
        case .connect: connect()
        case .wait(let interval):
            eventLoop.scheduleTask(in: .milliseconds(interval.milliseconds)) { self.handle(.waited) }
        case nil: break
        }
    }

    private func connect() {
        counts.attempts.add(1, ordering: .relaxed)
        let attempt = ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(5))
            .bind(to: source)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_reuseaddr), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        try NIOSSLClientHandler(context: self.identity.context, serverHostname: nil),
                        ByteToMessageHandler(FrameDecoder()), MessageToByteHandler(FrameEncoder()),
                        CrowdConversation(self),
                    ])
                }
            }
            .connect(host: server.host, port: server.port)
        attempt.whenFailure { _ in self.handle(.ended) }
    }

    // What the conversation tells.

    fileprivate func opened(_ channel: any Channel) {
        self.channel = channel
        let hello = AgentHello(protocolVersion: AgentProtocol.version, host: report.host, run: 1)
        send(.hello(hello))
    }

    fileprivate func closed() {
        if beat != nil { counts.connected.subtract(1, ordering: .relaxed) }
        beat?.cancel()
        beat = nil
        channel = nil
        handle(.ended)
    }

    fileprivate func received(_ frame: Frame) {
        guard let message = try? frame.messageFromServer else { return }
        switch message {
        case .welcome:
            counts.welcomed.add(1, ordering: .relaxed)
            counts.connected.add(1, ordering: .relaxed)
            handle(.connected)
            sendReport()
            let first = TimeAmount.nanoseconds(Int64.random(in: 0..<heartbeat.nanoseconds))
            beat = eventLoop.scheduleRepeatedTask(initialDelay: first, delay: heartbeat) { _ in
                self.sequence += 1
                self.counts.heartbeats.add(1, ordering: .relaxed)
                self.send(.heartbeat(sequence: self.sequence))
            }
        case .heartbeat: counts.answers.add(1, ordering: .relaxed)
        case .command(let command):
            counts.commands.add(1, ordering: .relaxed)
            obey(command)
        case .refused: counts.refused.add(1, ordering: .relaxed)
        case .joined, .commandAcknowledged, .eventAcknowledged, .metricsAcknowledged, .metricsInterval, .tail,
            .logsAcknowledged, .logsCollection,
            .tailCancelled, .packageRefused:
            break
        }
    }

    private func obey(_ command: AgentCommand) {
        if case .phase(let phase, let spec) = command.operation {
            report.instances.removeAll { $0.id == spec.id }
            let state: LifecycleState? =
                switch phase {
                case .install, .unconfigure: .installed
                case .configure, .stop: .stopped
                case .start: .running
                case .uninstall: nil
                }
            if let state {
                report.instances.append(
                    LiveInstance(
                        id: spec.id, releaseIdentity: spec.releaseIdentity, state: state,
                        health: state == .running ? .healthy : .unchecked,
                        port: state == .running ? 20_000 + report.instances.count : nil, since: CrowdFabric.now()))
            }
            sendReport()
        } else if case .link(let app, let identity) = command.operation {
            report.links[app] = ReleaseLinks(current: identity, previous: report.links[app]?.current)
            sendReport()
        }
        send(.commandEnded(CommandOutcome(command: command.id, problem: nil)))
    }

    private func sendReport() {
        report.sequence += 1
        send(.report(report))
    }

    private func send(_ message: AgentMessage) {
        guard !isMute, let channel, let frame = try? Frame(message) else { return }
        channel.writeAndFlush(frame, promise: nil)
    }
}

/// The last handler of an agent's connection.
private final class CrowdConversation: ChannelInboundHandler {
    typealias InboundIn = Frame

    private let host: CrowdHost

    init(_ host: CrowdHost) { self.host = host }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { host.opened(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { host.received(Self.unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) {
        host.closed()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
