import ConfigRepository
import ControlPlane
import Core
import Crypto
import FoundationEssentials
import Logging
import Logs
import NIOCore
import Packages
import Server
import ServiceLifecycle
import Synchronization
import SystemPackage
import Wire

/// Everything that a control plane is, put together by hand.
struct ControlPlaneWiring {
    struct Options: Sendable {
        var fabric: FabricName
        var repository: GitRepository
        var reference: GitReference
        var state: FilePath
        /// Secrets that git only names, a file each.
        var secrets: FilePath
        var apiAddress: String
        var apiPort: Int
        var apiCertificate: FabricServer.Configuration.Certificate?
        var agentsAddress: String
        var agentsPort: Int
        /// Names and addresses that agents reach the server by.
        var names: [String]
        /// Where statsd and carbon listen.
        var statsd: MetricsService.Listen?
        var carbon: MetricsService.Listen?
        /// Where syslog is listened for; nil: nowhere.
        var syslog: SyslogSetting?
        /// Where lines of logs go that are complete; nil: nowhere.
        var archive: ArchivePlace?
    }

    let services: [any Service]
    let authority: FabricAuthority
    let joins: JoinTokenStore
    let tokens: TokenStore
    let gateway: AgentGateway
    let fabric: FabricService
    let orchestrator: OrchestratorService
    let metrics: MetricsService
    let logs: LogsService

    /// - Parameters:
    ///   - lines: what this program itself logs.
    ///   - onBound: called once the API takes requests, with its port.
    init(
        _ options: Options, lines: OwnLines, logger: Logger, onBound: @escaping @Sendable (_ port: Int) async -> Void
    ) async throws(Problem) {
        let database = try StateDatabase(path: options.state.appending("state.db").string)
        let store = try SQLiteStateStore(database: database, now: wallClock)
        let audit = try AuditLog(database: database, now: wallClock)
        let releases = ReleaseStore(store: store, now: wallClock)
        let authority = try FabricAuthority.open(
            folder: options.state.appending("authority").string, fabric: options.fabric, at: wallClock())
        let objects = try FolderObjectStore(root: options.state.appending("objects"))
        let signer = try PackageSigner(privateKeyBase64: authority.packageKey.rawRepresentation.base64EncodedString())
        let tokens = TokenStore(store: store, fabric: options.fabric, now: wallClock)
        let joins = JoinTokenStore(store: store, now: wallClock)
        let certificates = HostCertificates(store: store, now: wallClock)

        // The gateway tells the loop what agents say, and the loop sends through the gateway.
        let relay = ObservationRelay()
        let gateway = Self.gateway(
            options, authority: authority, joins: joins, certificates: certificates, objects: objects, relay: relay,
            logger: logger)
        let notifier = try await NotificationService(
            fabric: options.fabric, store: store, secrets: WebhookSecrets(folder: options.secrets), now: wallClock,
            logger: logger)
        let orchestrator = try await OrchestratorService(
            store: store, releases: releases, audit: audit, link: gateway, notifier: notifier, now: wallClock,
            logger: logger)
        let maker = try ReleaseMaker(
            configuration: options.repository, work: options.state.appending("work"), objects: objects, signer: signer,
            store: store, releases: releases)
        let fabric = FabricService(
            fabric: options.fabric,
            source: ConfigurationSource(repository: options.repository, reference: options.reference), maker: maker,
            releases: releases, store: store, audit: audit, orchestrator: orchestrator, link: gateway,
            notifier: notifier, metricsProblems: { relay.problems },
            now: wallClock, logger: logger)
        let metrics = try Self.metrics(
            options, store, audit, Self.sources(fabric, orchestrator, gateway), logger,
            policy: await orchestrator.snapshot.desired?.configuration.policy.metrics)
        let errors = try await Self.errors(options.fabric, store, notifier, metrics, logger)
        let logs = try await Self.logs(options, orchestrator, gateway, metrics, errors, lines, logger)
        metrics.keep(figures: { await logs.figures(at: $0) })
        let intake = AgentLogIntake(sink: logs, labels: { logs.labels(of: $0) }, logger: logger)
        relay.connect(
            .init(
                observe: { await orchestrator.observe($0) }, hear: { orchestrator.heard($0) },
                measure: { host, bytes throws(Problem) in try await metrics.measured(host, bytes) },
                interval: { metrics.interval }, problems: { metrics.problems + logs.problems },
                log: { host, parcel throws(Problem) in try await intake.take(parcel, from: host) },
                collection: { logs.collection(of: $0) }))
        let access = Self.access(
            options, tokens: tokens, joins: joins, certificates: certificates, store: store, audit: audit,
            orchestrator: orchestrator, gateway: gateway, authority: authority)
        let server = try FabricServer(
            configuration: FabricServer.Configuration(
                address: options.apiAddress, port: options.apiPort, certificate: options.apiCertificate,
                version: apusVersion),
            operations: fabric, metrics: metrics, logs: logs, access: access, logger: logger, onBound: onBound)
        services = [store, notifier, metrics, logs, gateway, orchestrator, fabric, server]
        self.authority = authority
        self.joins = joins
        self.tokens = tokens
        self.gateway = gateway
        self.fabric = fabric
        self.orchestrator = orchestrator
        self.metrics = metrics
        self.logs = logs
    }

    private static func metrics(
        _ options: Options, _ store: SQLiteStateStore, _ audit: AuditLog, _ sources: MetricsSources, _ logger: Logger,
        policy: MetricsPolicy?
    ) throws(Problem) -> MetricsService {
        try MetricsService(
            MetricsService.Setting(
                folder: options.state.appending("series"), statsd: options.statsd, carbon: options.carbon,
                secrets: WebhookSecrets(folder: options.secrets)),
            policy: policy ?? MetricsPolicy(), state: store, audit: audit, sources: sources, now: wallClock,
            logger: logger)
    }

    private static func errors(
        _ fabric: FabricName, _ store: SQLiteStateStore, _ notifier: NotificationService, _ metrics: MetricsService,
        _ logger: Logger
    ) async throws(Problem) -> ErrorReporter {
        let outlets = ErrorReporter.Outlets(
            fabric: fabric, store: store,
            tell: { body, operations throws(Problem) in try await notifier.tell(body, with: operations) },
            mark: { metrics.mark($0) })
        return try await ErrorReporter(outlets, now: wallClock, logger: logger)
    }

    private static func logs(
        _ options: Options, _ orchestrator: OrchestratorService, _ gateway: AgentGateway, _ metrics: MetricsService,
        _ errors: ErrorReporter, _ lines: OwnLines, _ logger: Logger
    ) async throws(Problem) -> LogsService {
        let folder = options.state.appending("logs")
        let archive = try options.archive.map { place throws(Problem) in
            try LogArchiver(
                LogArchiver.Setting(
                    objects: try place.open(now: wallClock), folder: options.state.appending("logs-archive"),
                    localAge: place.localAge),
                logger: logger)
        }
        let raw = try options.archive.map { place throws(Problem) in
            try RawLogs(
                RawLogs.Setting(
                    objects: try place.open(now: wallClock), folder: options.state.appending("logs-raw")),
                logger: logger)
        }
        return try LogsService(
            folder, archive: archive, raw: raw, errors: errors, syslog: options.syslog,
            configuration: await orchestrator.snapshot.desired?.configuration,
            sources: LogsService.Sources(
                configuration: { await orchestrator.snapshot.desired?.configuration },
                announce: { gateway.announceLogs() }, measures: { metrics.count($0) }, own: { lines.take() }),
            secrets: WebhookSecrets(folder: options.secrets), now: wallClock, logger: logger)
    }

    private static func gateway(
        _ options: Options, authority: FabricAuthority, joins: JoinTokenStore, certificates: HostCertificates,
        objects: FolderObjectStore, relay: ObservationRelay, logger: Logger
    ) -> AgentGateway {
        AgentGateway(
            configuration: AgentGateway.Configuration(
                listenHost: options.agentsAddress, listenPort: options.agentsPort, names: options.names,
                serverVersion: apusVersion),
            authority: authority,
            dependencies: AgentGateway.Dependencies(
                redeem: { token, host throws(Problem) in try await joins.redeem(token, by: host) },
                isAllowed: { host, serial throws(Problem) in try await certificates.isGood(serial, of: host) },
                issued: { host, issued, renewing throws(Problem) in
                    try await certificates.note(issued, of: host, renewing: renewing)
                },
                readPackage: { digest, offset, length throws(Problem) in
                    ByteBuffer(bytes: try await objects.read(digest, from: offset, bytesMax: length))
                },
                observe: { await relay.pass($0) }, heard: { relay.heard($0) },
                measured: { host, bytes throws(Problem) in try await relay.measured(host, bytes) },
                metricsInterval: { relay.interval },
                logged: { host, parcel throws(Problem) in try await relay.logged(host, parcel) },
                logCollection: { relay.logCollection(of: $0) }),
            now: wallClock, logger: logger)
    }

    private static func access(
        _ options: Options, tokens: TokenStore, joins: JoinTokenStore, certificates: HostCertificates,
        store: SQLiteStateStore, audit: AuditLog, orchestrator: OrchestratorService, gateway: AgentGateway,
        authority: FabricAuthority
    ) -> AccessService {
        AccessService(
            fabric: options.fabric, tokens: tokens,
            sessions: SessionStore(store: store, tokens: tokens, now: wallClock),
            joins: joins,
            hosts: AccessService.Hosts(
                certificates: certificates, isKnown: { await orchestrator.snapshot.hosts[$0] != nil },
                disconnect: { gateway.disconnect($0, because: $1) }),
            audit: audit, authorityFingerprint: authority.fingerprint, now: wallClock)
    }

    private static func sources(
        _ fabric: FabricService, _ orchestrator: OrchestratorService, _ gateway: AgentGateway
    ) -> MetricsSources {
        MetricsSources(
            executions: .init(
                latest: { limit throws(Problem) in
                    try await fabric.executions(of: nil, running: false, limit: limit)
                },
                one: { id throws(Problem) in try await fabric.execution(id) }),
            own: {
                OwnFigures(ServerFigures.now(await orchestrator.snapshot, connected: gateway.connectedHosts.count))
            },
            targets: { ScrapeTargets.of($0, in: await orchestrator.snapshot) },
            policy: { await orchestrator.snapshot.desired?.configuration.policy.metrics },
            announce: { gateway.announce(metricsInterval: $0) })
    }
}

extension AgentGateway: HostLink {}
extension FabricService: FabricOperations {}

/// Passes on what agents say, once there is somebody to hear it.
final class ObservationRelay: Sendable {
    /// Closures are kept in a value of their own: a bare one that is taken out of a mutex is wrapped
    /// anew each time, and grows with every use.
    struct Listener: Sendable {
        var observe: @Sendable (AgentObservation) async -> Void
        var hear: @Sendable (HostName) -> Void
        var measure: @Sendable (HostName, ByteBuffer) async throws(Problem) -> Bool
        var interval: @Sendable () -> Interval
        var problems: @Sendable () -> [Problem]
        var log: @Sendable (HostName, LogParcel) async throws(Problem) -> Void
        var collection: @Sendable (HostName) -> LogCollection?
    }

    private let listener = Mutex<Listener?>(nil)

    func connect(_ listener: Listener) { self.listener.withLock { $0 = listener } }

    func pass(_ observation: AgentObservation) async { await listener.withLock { $0 }?.observe(observation) }

    var interval: Interval { listener.withLock { $0 }?.interval() ?? .seconds(10) }

    var problems: [Problem] { listener.withLock { $0 }?.problems() ?? [] }

    /// - Throws: `logs.not-ready` while the server begins: the host sends the lines again.
    func logged(_ host: HostName, _ parcel: LogParcel) async throws(Problem) {
        guard let listener = listener.withLock({ $0 }) else {
            throw Problem(
                "logs.not-ready", "Lines were not taken.", cause: "The server has just begun.",
                remedy: "The host sends them again by itself.")
        }
        try await listener.log(host, parcel)
    }

    func logCollection(of host: HostName) -> LogCollection? { listener.withLock { $0 }?.collection(host) }

    func heard(_ host: HostName) { listener.withLock { $0 }?.hear(host) }

    func measured(_ host: HostName, _ bytes: ByteBuffer) async throws(Problem) -> Bool {
        try await listener.withLock { $0 }?.measure(host, bytes) ?? false
    }
}
