package import Core
import Crypto
package import Logging
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import Wire

/// Keeps the agent connected to its server: tells what the host is like, carries out what the
/// server says, and comes back after every cut. What runs on the host does not depend on it.
package final class AgentConnection: Service {
    package struct Configuration: Sendable {
        package var server: ServerAddress
        /// The agent's root folder, where its identity and its papers are.
        package var folder: String
        package var heartbeat: Interval
        package var silenceMax: Interval
        /// Different for each start of the agent.
        package var run: UInt64

        package init(
            server: ServerAddress, folder: String, heartbeat: Interval = AgentProtocol.heartbeat,
            silenceMax: Interval = AgentProtocol.silenceMax, run: UInt64
        ) {
            self.server = server
            self.folder = folder
            self.heartbeat = heartbeat
            self.silenceMax = silenceMax
            self.run = run
        }
    }

    /// What the connection asks the rest of the agent.
    package struct Dependencies: Sendable {
        /// The whole state of the host, as of now.
        package var reports: @Sendable () async -> HostReport
        /// What every balancer that can be asked now has counted since its start.
        package var traffic: @Sendable () async -> [BalancerName: [ServerTraffic]]
        /// Has an element when the report has changed. Read once, for as long as the agent runs.
        package var changes: AsyncStream<Void>
        /// Carries a command out; nil: it succeeded. Commands run beside each other. The task is
        /// cancelled when the command's time is up, when the server cancels it and when the agent
        /// stops, and the closure must then return soon. Never given `.cancel`.
        package var carryOut: @Sendable (AgentCommand, _ output: @escaping @Sendable (String) -> Void) async -> Problem?
        /// Told how long statsd is to gather, perhaps not for the first time.
        package var gather: @Sendable (Interval) -> Void
        /// Told what is collected of logs, perhaps not for the first time; nil: nothing.
        package var collect: @Sendable (LogCollection?) -> Void
        /// The last lines of an instance's output and, if asked, those that follow.
        package var tail:
            @Sendable (InstanceID, _ lines: Int, _ follow: Bool) async -> AsyncThrowingStream<[String], any Error>

        package init(
            reports: @escaping @Sendable () async -> HostReport,
            traffic: @escaping @Sendable () async -> [BalancerName: [ServerTraffic]] = { [:] },
            changes: AsyncStream<Void>,
            carryOut:
                @escaping @Sendable (AgentCommand, _ output: @escaping @Sendable (String) -> Void) async -> Problem?,
            gather: @escaping @Sendable (Interval) -> Void = { _ in },
            collect: @escaping @Sendable (LogCollection?) -> Void = { _ in },
            tail:
                @escaping @Sendable (InstanceID, _ lines: Int, _ follow: Bool) async -> AsyncThrowingStream<
                    [String], any Error
                >
        ) {
            self.reports = reports
            self.traffic = traffic
            self.changes = changes
            self.carryOut = carryOut
            self.gather = gather
            self.collect = collect
            self.tail = tail
        }
    }

    let configuration: Configuration
    let dependencies: Dependencies
    let events: EventBuffer
    let packages: PackageFetcher
    let metrics: MetricsOutbox
    let logs: LogOutbox
    let book: CommandBook
    let outbox = Outbox()
    let now: @Sendable () -> Instant
    let logger: Logger
    private let lot: @Sendable () -> Double
    private let eventLoops: any EventLoopGroup
    private let identity: Mutex<AgentIdentity>
    private let reconnection = Mutex(Reconnection())
    private let commands: (stream: AsyncStream<AgentCommand>, continuation: AsyncStream<AgentCommand>.Continuation)
    private let running = Mutex<[CommandID: Signal]>([:])

    /// - Parameters:
    ///   - lot: a random number from 0 to 1, for the waits between attempts.
    ///   - packages: shared with whoever needs packages; works while this service runs.
    /// - Throws: `commands.invalid`, `file.failed`.
    package init(
        configuration: Configuration, identity: AgentIdentity, dependencies: Dependencies, events: EventBuffer,
        packages: PackageFetcher, metrics: MetricsOutbox = MetricsOutbox(), logs: LogOutbox = LogOutbox(),
        now: @escaping @Sendable () -> Instant,
        lot: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }, logger: Logger,
        eventLoops: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) throws(Problem) {
        self.configuration = configuration
        self.dependencies = dependencies
        self.events = events
        self.packages = packages
        self.metrics = metrics
        self.logs = logs
        self.now = now
        self.lot = lot
        self.logger = logger
        self.eventLoops = eventLoops
        self.identity = Mutex(identity)
        book = try CommandBook(folder: configuration.folder, logger: logger)
        // As long as the ledger lets commands run: never full.
        commands = AsyncStream<AgentCommand>.makeStream(bufferingPolicy: .unbounded)
    }

    /// Whether the server hears the agent now.
    package var isConnected: Bool { outbox.isConnected }

    /// Stays connected until it is cancelled or shut down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.stayConnected() }
                group.addTask {
                    for await _ in self.dependencies.changes { self.outbox.reportIsDue() }
                }
                group.addTask {
                    for await _ in self.events.recorded { self.outbox.wake() }
                }
                group.addTask {
                    for await _ in self.metrics.added { self.outbox.wake() }
                }
                for await command in self.commands.stream {
                    group.addTask { await self.perform(command) }
                }
                group.cancelAll()
            }
        }
    }

    /// A command has arrived, perhaps not for the first time.
    func received(_ command: AgentCommand) {
        switch book.receive(command) {
        case .carryOut:
            // Known before the next message is read, which may cancel it.
            running.withLock { $0[command.id] = Signal() }
            commands.continuation.yield(command)
        case .runs: break
        case .ended: outbox.outcomeIsDue(command.id)
        case .outdated(let problem):
            logger.warning("command refused", metadata: ["command": "\(command.id)", "problem": "\(problem)"])
        }
    }

    func acknowledged(_ command: CommandID) {
        book.acknowledge(command)
        outbox.forget(command)
    }

    func connected() {
        _ = reconnection.withLock { $0.receive(.connected, at: now(), lot: 0) }
    }

    var currentIdentity: AgentIdentity { identity.withLock { $0 } }

    /// The authority gave the next certificate: kept, and shown from the next connection on.
    func renew(with response: JoinResponse, key: P256.Signing.PrivateKey) throws(Problem) {
        let renewed = try currentIdentity.renewed(key: key, response: response)
        try renewed.store(folder: configuration.folder)
        identity.withLock { $0 = renewed }
        logger.info("the agent's certificate was renewed")
    }

    private func perform(_ command: AgentCommand) async {
        if case .cancel(let other) = command.operation {
            running.withLock { $0[other] }?.give()
            running.withLock { $0[command.id] = nil }
            end(command.id, with: nil)
            return
        }
        let cancelled = running.withLock { $0[command.id] } ?? Signal()
        let run = CommandRun(command: command, cancelled: cancelled) { [dependencies, outbox] in
            await dependencies.carryOut(command) { outbox.add($0, of: command.id) }
        }
        let problem = await run.outcome()
        running.withLock { $0[command.id] = nil }
        // An agent that stops has cancelled its commands itself: the server gives them again.
        if Task.isCancelled { book.forget(command.id) } else { end(command.id, with: problem) }
    }

    private func end(_ command: CommandID, with problem: Problem?) {
        book.end(command, with: problem)
        outbox.outcomeIsDue(command)
    }

    private func stayConnected() async {
        var event = Reconnection.Event.started
        var lastFault = ""
        while !Task.isCancelled {
            switch reconnection.withLock({ $0.receive(event, at: now(), lot: lot()) }) {
            case .connect, nil:
                let (next, fault) = await converse()
                // A server that is away for an hour is worth one line, not a thousand.
                logger.log(
                    level: fault == lastFault ? .debug : .warning, "not connected to the server",
                    metadata: ["server": "\(configuration.server)", "cause": "\(fault)"])
                lastFault = fault
                event = next
            case .wait(let interval):
                try? await Task.sleep(for: .milliseconds(interval.milliseconds))
                event = .waited
            }
        }
    }

    /// One connection, from the attempt to its end.
    private func converse() async -> (Reconnection.Event, fault: String) {
        do {
            let identity = currentIdentity
            try identity.check(at: now())
            let channel = try await AgentTLS.connect(to: configuration.server, as: identity, on: eventLoops)
            try await AgentConversation(connection: self, channel: channel).run()
            return (.ended, "The server closed the connection.")
        } catch let problem as Problem {
            return (problem.code == "agent.silent" ? .ended : .refused, problem.description)
        } catch {
            return (.ended, quotedForMessage("\(error)", lengthMax: 300))
        }
    }
}
