package import Core
import FoundationEssentials
import Glibc
package import Logging
package import Logs
import Packages
import ServiceLifecycle
import Synchronization
package import SystemPackage
package import Wire

/// Everything that an agent is: its connection, its instances, its balancers, and the way from
/// a command to the part that carries it out.
package struct HostAgent: Service {
    package struct Configuration: Sendable {
        package var server: ServerAddress
        package var host: HostName
        /// Where instances listen, and where balancers reach them.
        package var address: String
        package var root: FilePath
        /// The `apus` executable.
        package var executable: FilePath
        package var version: String
        /// Memory that instances may use together; nil: the machine's.
        package var memory: ByteCount?

        package init(
            server: ServerAddress, host: HostName, address: String, root: FilePath, executable: FilePath,
            version: String,
            memory: ByteCount? = nil
        ) {
            self.server = server
            self.host = host
            self.address = address
            self.root = root
            self.executable = executable
            self.version = version
            self.memory = memory
        }
    }

    private let configuration: Configuration
    let keeper: InstanceKeeper
    let balancers: BalancerKeeper
    private let connection: AgentConnection
    private let events: EventBuffer
    private let metrics: HostMetrics
    private let logs: HostLogs
    private let logger: Logger

    /// - Parameters:
    ///   - identity: of a host that has joined.
    ///   - lines: what this program itself logs.
    package init(
        _ configuration: Configuration, identity: AgentIdentity, lines: OwnLines = OwnLines(),
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) throws(Problem) {
        self.configuration = configuration
        self.logger = logger
        let events = try EventBuffer(folder: configuration.root.string, logger: logger)
        self.events = events
        let packages = PackageFetcher()
        let measuring = Measuring()
        let groups = ResourceGroups.detect(name: configuration.host.text)
        let keeper = try Self.keeper(
            configuration, identity: identity, packages: packages, measuring: measuring, groups: groups,
            logger: logger
        ) {
            kind, instance, text in
            logger.info(
                "\(kind.rawValue)", metadata: ["instance": "\(instance?.description ?? "")", "text": "\(text)"])
            events.record(kind, instance: instance, text: text, at: now())
        }
        self.keeper = keeper
        let (balancerChanges, balancerChanged) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let balancers = BalancerKeeper(root: HostFolders(root: configuration.root).balancers, logger: logger) { event in
            switch event {
            case .restarted(let name): events.record(.balancerRestarted, text: "\(name) runs again", at: now())
            case .failed(let name, let problem): events.record(.balancerFailed, text: "\(name): \(problem)", at: now())
            }
            balancerChanged.yield()
        }
        self.balancers = balancers
        let reporter = HostReporter(
            host: configuration.host, facts: .here(version: configuration.version, memory: configuration.memory),
            keeper: keeper, balancers: balancers)
        let commands = HostCommands(keeper: keeper, balancers: balancers)
        let outbox = MetricsOutbox()
        logs = HostLogs(folders: HostFolders(root: configuration.root), own: lines, logger: logger)
        metrics = HostMetrics(
            HostMetrics.Setting(
                host: configuration.host, address: configuration.address,
                portFile: configuration.root.appending("statsd.port"), balancers: { await balancers.readings() },
                instances: { await keeper.liveInstances() },
                resourceGroups: groups, figures: { [logs] in logs.figures }, now: now),
            outbox: outbox, logger: logger)
        measuring.begin(metrics)
        connection = try AgentConnection(
            configuration: AgentConnection.Configuration(
                server: configuration.server, folder: configuration.root.string, run: UInt64.random(in: 0 ... .max)),
            identity: identity,
            dependencies: AgentConnection.Dependencies(
                reports: { await reporter.report() }, traffic: { await balancers.traffic() },
                changes: Self.merged(keeper.changes, balancerChanges),
                carryOut: { command, output in
                    let problem = await commands.carryOut(command, output: output)
                    balancerChanged.yield()
                    return problem
                },
                gather: { [metrics] in metrics.gather(for: $0) }, collect: { [logs] in logs.collect($0) },
                tail: { instance, lines, follow in commands.tail(instance, lines: lines, follow: follow) }),
            events: events, packages: packages, metrics: outbox, logs: logs.outbox, now: now, logger: logger)
    }

    /// Runs until it is told to end. What runs on the host goes on.
    package func run() async throws {
        metrics.listen()
        try await keeper.load()
        await balancers.adopt()
        let logging = Task { try await logs.run() }
        try await withThrowingTaskGroup { group in
            group.addTask { try await keeper.run() }
            group.addTask { try await balancers.run() }
            group.addTask { try await metrics.run() }
            group.addTask { try await Self.value(of: logging) }
            // The first report must not say that what an earlier agent left does not run.
            await keeper.takenOver()
            // The last lines go to the server after all others have heard that it is time to end.
            group.addTask { try await Self.value(of: Task.detached { try await self.connection.run() }) }
            try await group.next()
            logging.cancel()
            try await logging.value
            group.cancelAll()
        }
    }

    /// What a task ends with that is cancelled with the one that waits for it, and not before.
    private static func value(of task: Task<Void, any Error>) async throws {
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func endEverything() async {
        await keeper.stopEverything()
        for balancer in await balancers.live() { try? await balancers.remove(balancer.name) }
    }

    private static func keeper(
        _ configuration: Configuration, identity: AgentIdentity, packages: PackageFetcher, measuring: Measuring,
        groups: ResourceGroups, logger: Logger,
        event: @escaping @Sendable (AgentEvent.Kind, InstanceID?, String) -> Void
    ) throws(Problem) -> InstanceKeeper {
        let unpacker = PackageUnpacker(verifier: try PackageVerifier(publicKeyBase64: identity.packageKey))
        let folders = HostFolders(root: configuration.root)
        let downloads = configuration.root.appending("downloads")
        try? FileManager.default.createDirectory(atPath: downloads.string, withIntermediateDirectories: true)
        var setting = InstanceKeeper.Setting(
            host: configuration.host, address: configuration.address, root: configuration.root,
            executable: configuration.executable,
            fetch: { package throws(Problem) in
                let file = try await packages.fetch(package, to: downloads)
                let kept = folders.package(package)
                guard rename(file.string, kept.string) == 0 else { return file }
                return kept
            },
            unpack: { archive, package, config, target throws(Problem) in
                try await unpacker.unpack(archive: archive, reference: package, into: target, extraFiles: config)
            },
            packageEnvironment: { folder in (try? PackageEnvironment.read(packageRoot: folder)) ?? [:] }, event: event)
        let (users, remark) = UserPolicy.automatic(root: configuration.root)
        if let remark { logger.notice("\(remark)") }
        setting.users = users
        setting.hostEnvironment = { measuring.environment }
        setting.resourceGroups = groups
        return InstanceKeeper(setting)
    }

    /// An element when either has one.
    private static func merged(_ first: AsyncStream<Void>, _ second: AsyncStream<Void>) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        for source in [first, second] {
            // Both live as long as the agent, and neither knows the other.
            Task {
                for await _ in source { continuation.yield() }
            }
        }
        return stream
    }
}

/// Lets instances know where statsd is, which begins after they were put together.
private final class Measuring: Sendable {
    private let metrics = Mutex<HostMetrics?>(nil)

    func begin(_ metrics: HostMetrics) { self.metrics.withLock { $0 = metrics } }

    var environment: [String: String] { metrics.withLock { $0 }?.environment ?? [:] }
}

extension HostAgent {
    /// Takes over what an earlier agent left, and stops it.
    package func endWhatIsLeft() async throws {
        try await keeper.load()
        await balancers.adopt()
        await withTaskGroup { group in
            group.addTask { try? await self.keeper.run() }
            await self.keeper.takenOver()
            await self.endEverything()
            group.cancelAll()
        }
    }
}
