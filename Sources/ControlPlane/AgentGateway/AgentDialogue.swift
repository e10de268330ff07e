import Core
import Logging
import NIOCore
import NIOSSL
import Synchronization
import Wire

/// One connection, from its first frame to its end.
struct AgentDialogue: Sendable {
    let gateway: AgentGateway
    let channel: FrameChannel
    let watch: SilenceWatch
    /// Called once the host is known.
    let settled: @Sendable () -> Void
    private let speaker = Speaker()

    init(
        gateway: AgentGateway, channel: FrameChannel, watch: SilenceWatch, settled: @escaping @Sendable () -> Void
    ) {
        self.gateway = gateway
        self.channel = channel
        self.watch = watch
        self.settled = settled
    }

    /// Whom the certificate names, once it was read.
    private final class Speaker: Sendable {
        struct Holder {
            var host: HostName
            var serial: String
        }
        let holder = Mutex<Holder?>(nil)
    }

    private var authority: FabricAuthority { gateway.authority }
    private var dependencies: AgentGateway.Dependencies { gateway.dependencies }

    func run() async {
        do {
            try await channel.executeThenClose { inbound, writer in
                do {
                    try await converse(inbound, writer)
                } catch let problem as Problem {
                    note(problem)
                    try await writer.send(.refused(problem))
                }
            }
        } catch {
            // The connection is gone: a cut network, a failed TLS handshake, a shutdown. Agents
            // come back by themselves.
            gateway.logger.debug("an agent's connection ended", metadata: ["error": "\(error)"])
        }
    }

    /// Says in the log, and to whoever asks later, why the connection is closed.
    private func note(_ problem: Problem) {
        let address = channel.channel.remoteAddress
        let host = speaker.holder.withLock { $0?.host }
        gateway.logger.warning(
            "closing an agent's connection",
            metadata: [
                "problem": "\(problem)", "host": "\(host?.text ?? "unknown")",
                "peer": "\(address?.description ?? "unknown")",
            ])
        gateway.refused.note(problem, host: host, peer: address?.ipAddress ?? "unknown", at: gateway.now())
    }

    private func converse(_ inbound: NIOAsyncChannelInboundStream<Frame>, _ writer: FrameWriter) async throws {
        var frames = inbound.makeAsyncIterator()
        guard let first = try await frames.next() else { return }
        watch.heard()
        switch try first.messageFromAgent {
        case .join(let request):
            try await writer.send(.joined(try await join(request)))
            // The agent closes: closing first could overtake the answer.
            watch.waits()
            _ = try await frames.next()
        case .hello(let hello):
            let session = AgentSession(
                host: try await host(saying: hello), protocolVersion: hello.protocolVersion, channel: channel.channel)
            try await enter(session)
            do {
                // Whoever revokes ends the session that is there: this one may have come in between.
                try await requireGoodCertificate()
            } catch {
                _ = gateway.hub.unregister(session)
                session.end()
                throw error
            }
            settled()
            await observe(.connected(session.host, hello))
            let fault: (any Error)?
            do {
                try await listen(&frames, to: session, writer)
                fault = nil
            } catch {
                fault = error
            }
            await leave(session)
            if let fault { throw fault }
        default:
            throw Self.unexpected("The first message was neither `join` nor `hello`.")
        }
    }

    /// Takes what the host says until it ends. Whoever asks for a package gets a task that serves
    /// them; most connections never need one.
    private func listen(
        _ frames: inout NIOAsyncChannelInboundStream<Frame>.AsyncIterator, to session: AgentSession,
        _ writer: FrameWriter
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            var packages: PackageRequests?
            var measurements = HeldMeasurements()
            var logs: LogParcels?
            watch.waits()
            while let frame = try await frames.next() {
                watch.heard()
                if case .metrics(let sequence, let bytes) = frame {
                    try ReportCheck.check(metricsBytes: bytes.readableBytes)
                    measurements.add(sequence, bytes)
                    try await keep(&measurements, of: session)
                    watch.waits()
                    continue
                }
                // A heartbeat at the latest.
                try await keep(&measurements, of: session)
                if case .logs(let parcel) = frame {
                    let taking = logs ?? LogParcels(of: session, into: dependencies.logged)
                    if logs == nil {
                        logs = taking
                        group.addTask { await taking.run() }
                    }
                    try taking.add(parcel)
                    watch.waits()
                    continue
                }
                let message = try frame.messageFromAgent
                if case .packageBytes(let request, let digest, let offset, let length) = message {
                    let serving = packages ?? PackageRequests(read: dependencies.readPackage)
                    if packages == nil {
                        packages = serving
                        group.addTask { try await serving.serve(on: writer) }
                    }
                    serving.add(
                        .init(number: request, digest: digest, offset: offset, length: length), refuse: session.send)
                } else {
                    try await receive(message, session)
                }
                watch.waits()
            }
        }
    }

    /// Keeps what can be kept, in the order in which it came, and acknowledges it.
    private func keep(_ measurements: inout HeldMeasurements, of session: AgentSession) async throws(Problem) {
        while let first = measurements.first, try await dependencies.measured(session.host, first.bytes) {
            session.send(.metricsAcknowledged(sequence: first.sequence))
            measurements.removeFirst()
        }
    }

    /// Makes the session the host's only one.
    private func enter(_ session: AgentSession) async throws {
        let welcome = ServerWelcome(
            fabric: authority.fabric, serverVersion: gateway.configuration.serverVersion,
            metricsInterval: dependencies.metricsInterval(), logs: dependencies.logCollection(session.host))
        guard let former = gateway.hub.register(session, welcome: .welcome(welcome)) else { return }
        former.close(Self.unexpected("A newer connection of the host \(session.host) took over."))
        await former.waitForEnd()
    }

    private func leave(_ session: AgentSession) async {
        if gateway.hub.unregister(session) { await observe(.disconnected(session.host)) }
        session.end()
    }

    private func join(_ request: JoinRequest) async throws(Problem) -> JoinResponse {
        try Self.check(protocolVersion: request.protocolVersion)
        // The request is looked at first: a token is not used up for one that cannot be signed.
        let certificate = try authority.issue(
            requestPEM: request.certificateRequest, host: request.host, at: gateway.now())
        try await dependencies.redeem(request.token, request.host)
        try await dependencies.issued(request.host, certificate, nil)
        gateway.logger.info("a host joined", metadata: ["host": "\(request.host)", "serial": "\(certificate.serial)"])
        return response(certificate)
    }

    private func response(_ certificate: IssuedCertificate) -> JoinResponse {
        JoinResponse(
            fabric: authority.fabric, certificate: certificate.pem, authority: authority.certificatePEM,
            packageKey: authority.packageKeyBase64)
    }

    /// Who is there: the certificate says it, and the message may only agree.
    private func host(saying hello: AgentHello) async throws -> HostName {
        try Self.check(protocolVersion: hello.protocolVersion)
        guard let certificate = try await channel.channel.nioSSL_peerCertificate().get() else {
            throw Self.unexpected("A host said hello without a certificate.")
        }
        let holder = try authority.holder(ofCertificate: try certificate.toDERBytes())
        speaker.holder.withLock { $0 = Speaker.Holder(host: holder.host, serial: holder.serial) }
        guard holder.host == hello.host else {
            throw Self.unexpected(
                "The certificate is for the host \(holder.host), and the agent says that it is \(hello.host).")
        }
        try await requireGoodCertificate()
        return holder.host
    }

    private func requireGoodCertificate() async throws {
        guard let holder = speaker.holder.withLock({ $0 }) else { return }
        guard try await dependencies.isAllowed(holder.host, holder.serial) else {
            throw HostCertificates.refused(holder.host, holder.serial)
        }
    }

    private func receive(_ message: AgentMessage, _ session: AgentSession) async throws {
        let host = session.host
        switch message {
        case .report(let report):
            try ReportCheck.check(report, from: host)
            await observe(.report(report))
        case .traffic(let balancers):
            try ReportCheck.check(balancers)
            await observe(.traffic(host, balancers))
        case .heartbeat(let sequence):
            dependencies.heard(host)
            session.send(.heartbeat(sequence: sequence))
        case .commandEnded(let outcome):
            try ReportCheck.check(text: outcome.problem?.description ?? "")
            await observe(.outcome(host, outcome))
            gateway.hub.remove(outcome.command, for: host)
            session.send(.commandAcknowledged(outcome.command))
        case .commandOutput(let command, let line):
            try ReportCheck.check(text: line)
            await observe(.output(host, command, line: line))
        case .event(let event):
            try ReportCheck.check(text: event.text)
            await observe(.event(host, event))
            session.send(.eventAcknowledged(sequence: event.sequence))
        case .outputLines(let request, let lines, let isEnd):
            session.received(lines: lines, of: request, isEnd: isEnd)
        case .join(let request):
            guard request.host == host else {
                throw Self.unexpected("\(host) asked for a certificate of \(request.host).")
            }
            let certificate = try authority.issue(requestPEM: request.certificateRequest, host: host, at: gateway.now())
            try await dependencies.issued(host, certificate, speaker.holder.withLock { $0?.serial })
            session.send(.joined(response(certificate)))
        case .packageBytes:
            break  // Whoever listens has served it.
        case .hello:
            throw Self.unexpected("The host \(host) said hello twice.")
        }
    }

    /// Hands an observation on, and lets it be dealt with to its end even if the connection ends
    /// meanwhile: a task of its own, because the cancellation of this one must not reach a half
    /// written transaction.
    private func observe(_ observation: AgentObservation) async {
        await Task { await dependencies.observe(observation) }.value
    }

    private static func check(protocolVersion: Int) throws(Problem) {
        guard AgentProtocol.versions.contains(protocolVersion) else {
            throw Problem(
                "agent.version-unknown", "Agent and server do not understand each other.",
                cause:
                    "The agent speaks version \(protocolVersion) of the protocol, the server \(AgentProtocol.version).",
                remedy: "Run the same version of Apus on both.")
        }
    }

    private static func unexpected(_ cause: String) -> Problem {
        Problem(
            "agent.refused", "The agent's connection was closed.", cause: cause,
            remedy: "Run one agent for each host, with the root folder that it joined with.")
    }
}
