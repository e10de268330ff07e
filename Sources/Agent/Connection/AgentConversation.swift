import Core
import Crypto
import Logging
import NIOCore
import Synchronization
import Wire

/// One connection to the server, from its first frame to its end.
struct AgentConversation: Sendable {
    /// The least time between two reports that nobody waits for.
    private static let reportGap = Duration.milliseconds(20)
    /// Events that are on their way at once.
    private static let eventsMax = 100
    private static let tailsMax = 32
    /// The least time between two tellings of what balancers have counted.
    private static let trafficGap = Duration.seconds(1)

    private struct TailRequest: Sendable {
        var number: UInt64
        var instance: InstanceID
        var lines: Int
        var follow: Bool
        var cancelled: Signal
    }

    private let connection: AgentConnection
    private let channel: FrameChannel
    private let watch: SilenceWatch
    private let welcomed = Signal()
    private let tails: (stream: AsyncStream<TailRequest>, continuation: AsyncStream<TailRequest>.Continuation)
    private let shared = Shared()

    /// What reader and writers of the connection both touch.
    private final class Shared: Sendable {
        let tails = Mutex<[UInt64: Signal]>([:])
        /// Given when there is a balancer to tell of.
        let hasBalancers = Signal()
        let renewalKey = Mutex<P256.Signing.PrivateKey?>(nil)
    }

    init(connection: AgentConnection, channel: FrameChannel) {
        self.connection = connection
        self.channel = channel
        watch = SilenceWatch(silenceMax: connection.configuration.silenceMax)
        tails = AsyncStream<TailRequest>.makeStream()
    }

    /// Returns when the server has closed the connection.
    /// - Throws: why it refused, `agent.silent`, or what TLS and network say.
    func run() async throws {
        try await channel.executeThenClose { inbound, writer in
            defer { connection.outbox.disconnect() }
            let result: Result<Void, any Error>
            do {
                try await converse(inbound, writer)
                result = .success(())
            } catch {
                result = .failure(error)
            }
            await connection.packages.disconnected()
            try result.get()
        }
    }

    private func converse(_ inbound: NIOAsyncChannelInboundStream<Frame>, _ writer: FrameWriter) async throws {
        let configuration = connection.configuration
        try await writer.send(
            .hello(
                AgentHello(
                    protocolVersion: AgentProtocol.version, host: connection.currentIdentity.host,
                    run: configuration.run)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watch.run() }
            group.addTask { try await read(inbound, writer) }
            group.addTask { try await whenWelcome { try await beat(on: writer) } }
            group.addTask { try await whenWelcome { try await tell(on: writer) } }
            group.addTask { try await whenWelcome { try await sendLogs(on: writer) } }
            group.addTask { try await whenWelcome { try await renew(on: writer) } }
            group.addTask { try await whenWelcome { try await remindOfTraffic() } }
            group.addTask { try await serveTails(on: writer) }
            try await group.next()
            group.cancelAll()
        }
    }

    private func whenWelcome(_ body: () async throws -> Void) async throws {
        await welcomed.wait()
        try Task.checkCancellation()
        try await body()
    }

    private func read(_ inbound: NIOAsyncChannelInboundStream<Frame>, _ writer: FrameWriter) async throws {
        watch.waits()
        for try await frame in inbound {
            watch.heard()
            if case .packageBytes(let request, let bytes) = frame {
                await connection.packages.received(bytes, of: request)
            } else {
                try await receive(try frame.messageFromServer, writer)
            }
            watch.waits()
        }
    }

    private func receive(_ message: ServerMessage, _ writer: FrameWriter) async throws {
        switch message {
        case .welcome(let welcome):
            connection.logger.info(
                "connected",
                metadata: ["server": "\(connection.configuration.server)", "version": "\(welcome.serverVersion)"])
            connection.connected()
            connection.dependencies.gather(welcome.metricsInterval)
            connection.dependencies.collect(welcome.logs)
            welcomed.give()
            await connection.packages.connected { try await writer.send($0) }
        case .refused(let problem):
            throw problem
        case .command(let command):
            connection.received(command)
        case .commandAcknowledged(let command):
            connection.acknowledged(command)
        case .eventAcknowledged(let sequence):
            connection.events.acknowledge(through: sequence)
            connection.outbox.wake()
        case .tail(let request, let instance, let lines, let follow):
            addTail(request, instance, lines: lines, follow: follow)
        case .tailCancelled(let request):
            shared.tails.withLock { $0.removeValue(forKey: request) }?.give()
        case .metricsInterval(let interval):
            connection.dependencies.gather(interval)
        case .logsCollection(let collection):
            connection.dependencies.collect(collection)
        case .logsAcknowledged(let number):
            connection.logs.acknowledge(number)
        case .metricsAcknowledged(let sequence):
            connection.metrics.acknowledge(sequence)
            connection.outbox.wake()
        case .packageRefused(let request, let problem):
            await connection.packages.refused(problem, of: request)
        case .joined(let response):
            guard let key = shared.renewalKey.withLock({ $0.take() }) else { return }
            try connection.renew(with: response, key: key)
        case .heartbeat:
            break
        }
    }

    private func beat(on writer: FrameWriter) async throws {
        var sequence: Int64 = 0
        while true {
            sequence += 1
            try await writer.send(AgentMessage.heartbeat(sequence: sequence))
            try await Task.sleep(for: .milliseconds(connection.configuration.heartbeat.milliseconds))
        }
    }

    /// Tells the server what there is to tell. Before an outcome goes a report, so that the server
    /// never knows that a step has ended without knowing what it did.
    private func tell(on writer: FrameWriter) async throws {
        let outbox = connection.outbox
        var lastReport: ContinuousClock.Instant?
        var lastEvent: Int64 = 0
        var lastMetrics: UInt64 = 0
        var told = TrafficTold()
        for await _ in outbox.connect() {
            var outcomes = outbox.takeUnsent(connection.book.pending)
            if outcomes.isEmpty, let lastReport, lastReport.duration(to: .now) < Self.reportGap {
                try await Task.sleep(until: lastReport + Self.reportGap)
                outcomes = outbox.takeUnsent(connection.book.pending)
            }
            for line in outbox.takeLines() {
                try await writer.send(.commandOutput(command: line.command, line: line.text))
            }
            if outbox.takeReport() || !outcomes.isEmpty {
                try await writer.send(.report(await connection.dependencies.reports()))
                lastReport = .now
            }
            if outbox.takeTraffic() || outcomes.contains(where: \.command.isOfBalancer) {
                // What was served until traffic moved is known when the step ends.
                let news = told.news(in: await connection.dependencies.traffic())
                if !told.isEmpty { shared.hasBalancers.give() }
                for message in news { try await writer.send(message) }
            }
            for outcome in outcomes { try await writer.send(.commandEnded(outcome)) }
            // What is unacknowledged stays in the buffer: the first ones are always on their way.
            for event in connection.events.events(after: 0, max: Self.eventsMax) where event.sequence > lastEvent {
                try await writer.send(.event(event))
                lastEvent = event.sequence
            }
            for parcel in connection.metrics.parcels(after: lastMetrics) {
                try await writer.write(.metrics(sequence: parcel.sequence, ByteBuffer(bytes: parcel.bytes)))
                lastMetrics = parcel.sequence
            }
        }
    }

    /// Sends log lines, some batches ahead of what the server has acknowledged.
    private func sendLogs(on writer: FrameWriter) async throws {
        let logs = connection.logs
        for await _ in logs.connect() {
            while let parcel = try await logs.next() { try await writer.write(.logs(parcel)) }
        }
    }

    private func remindOfTraffic() async throws {
        // A host gets its first balancer by a command, before whose outcome is told of it.
        await shared.hasBalancers.wait()
        while true {
            try await Task.sleep(for: Self.trafficGap)
            connection.outbox.trafficIsDue()
        }
    }

    /// Asks for the next certificate when it is time.
    private func renew(on writer: FrameWriter) async throws {
        let identity = connection.currentIdentity
        let wait = identity.renewsAt - connection.now()
        try await Task.sleep(for: .milliseconds(max(wait.milliseconds, 0)))
        let key = P256.Signing.PrivateKey()
        shared.renewalKey.withLock { $0 = key }
        try await writer.send(.join(try JoinAnswer.request(host: identity.host, token: "", key: key)))
        // The certificate after the next is for a later connection.
        try await Task.sleep(for: .seconds(365 * 86_400))
    }

    private func addTail(_ request: UInt64, _ instance: InstanceID, lines: Int, follow: Bool) {
        let cancelled = Signal()
        let isAdmitted = shared.tails.withLock { tails in
            guard tails.count < Self.tailsMax else { return false }
            tails[request] = cancelled
            return true
        }
        // A request too many is answered like one that has ended at once.
        if !isAdmitted { cancelled.give() }
        tails.continuation.yield(
            TailRequest(number: request, instance: instance, lines: lines, follow: follow, cancelled: cancelled))
    }

    private func serveTails(on writer: FrameWriter) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            for await request in tails.stream {
                group.addTask {
                    let lines = await connection.dependencies.tail(request.instance, request.lines, request.follow)
                    let tail = OutputTail(request: request.number, lines: lines, cancelled: request.cancelled)
                    try await tail.run { try await writer.send($0) }
                    _ = shared.tails.withLock { $0.removeValue(forKey: request.number) }
                }
            }
        }
    }
}
