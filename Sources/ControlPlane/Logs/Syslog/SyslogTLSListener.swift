import Core
import Logs
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization
import Wire

/// Receives syslog over TLS (RFC 5425), in either framing.
///
/// While the intake has no room, connections are not read: who sends waits.
final class SyslogTLSListener: Sendable {
    fileprivate static let connectionsMax = 1024
    /// What a stranger has for the handshake.
    fileprivate static let handshakeTime = TimeAmount.seconds(10)
    fileprivate static let fullGap = TimeAmount.milliseconds(20)
    private static let readBytes = 64 << 10

    let port: UInt16
    private let channel: any Channel
    private let open: OpenChannels

    init(_ setting: SyslogSetting.Secure, into intake: SyslogIntake) async throws(Problem) {
        let context = try Self.context(setting)
        let open = OpenChannels()
        do {
            channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.backlog, value: 1024)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.readBytes))
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        guard open.add(channel) else {
                            intake.count { $0.connectionsRefused += 1 }
                            throw ChannelError.operationUnsupported
                        }
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLServerHandler(context: context), SyslogHandler(intake, channel.remoteAddress),
                        ])
                    }
                }
                .bind(host: setting.address.host, port: setting.address.port).get()
        } catch {
            throw Problem(
                "listener.bind-failed", "The listener for syslog with TLS was not started.",
                cause: "\(setting.address.host):\(setting.address.port) cannot be listened on: \(error).",
                remedy: "Free the port, or configure another one.")
        }
        port = UInt16(clamping: channel.localAddress?.port ?? 0)
        self.open = open
    }

    private static func context(_ setting: SyslogSetting.Secure) throws(Problem) -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(setting.certificateChain.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(setting.key.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            if let authority = setting.clientAuthority {
                let roots = try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8))
                configuration.trustRoots = .certificates(roots)
                configuration.certificateVerification = .noHostnameVerification
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Problem(
                "server.certificate-invalid", "The listener for syslog with TLS was not started.",
                cause: "A certificate or key cannot be read: \(error).", remedy: "Give PEM files that belong together.")
        }
    }

    /// Ends all connections. What has come is in the intake then.
    func stop() async {
        try? await channel.close().get()
        for channel in open.all { try? await channel.close().get() }
    }
}

/// The connections of a listener.
private final class OpenChannels: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var all: [any Channel] { channels.withLock { Array($0.values) } }

    /// - Returns: false if there are too many.
    func add(_ channel: any Channel) -> Bool {
        let isAdmitted = channels.withLock { channels in
            guard channels.count < SyslogTLSListener.connectionsMax else { return false }
            channels[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isAdmitted else { return false }
        let identity = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [weak self] _ in
            _ = self?.channels.withLock { $0.removeValue(forKey: identity) }
        }
        return true
    }
}

private final class SyslogHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let intake: SyslogIntake
    private let sender: SyslogSender
    private var deadline: Scheduled<Void>?

    init(_ intake: SyslogIntake, _ address: SocketAddress?) {
        self.intake = intake
        sender = SyslogSender(address: address?.ipAddress ?? "")
    }

    func channelActive(context: ChannelHandlerContext) {
        intake.count { $0.connections += 1 }
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: SyslogTLSListener.handshakeTime) {
            context.close(promise: nil)
        }
        context.fireChannelActive()
        context.read()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { deadline?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let goesOn = unwrapInboundIn(data).withUnsafeReadableBytes { intake.take($0, of: sender) }
        if !goesOn { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) { readOn(context) }

    private func readOn(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        if intake.hasRoom { return context.read() }
        context.eventLoop.assumeIsolated().scheduleTask(in: SyslogTLSListener.fullGap) { self.readOn(context) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        intake.finish(sender)
        intake.count { $0.connections -= 1 }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
