package import Core
import FoundationEssentials
package import Logging
package import Logs
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import SystemPackage
package import Telemetry
package import Wire

/// The metrics of a fabric: the store of series, and everything that brings points into it.
package final class MetricsService: Service {
    package struct Setting: Sendable {
        /// The folder of the store.
        package var folder: FilePath
        /// Where statsd and carbon listen; nil: not at all.
        package var statsd: Listen?
        package var carbon: Listen?
        /// Tokens and passwords for relays and other regions.
        package var secrets: WebhookSecrets

        package init(folder: FilePath, statsd: Listen?, carbon: Listen?, secrets: WebhookSecrets) {
            self.folder = folder
            self.statsd = statsd
            self.carbon = carbon
            self.secrets = secrets
        }
    }

    /// An address that something listens at.
    package struct Listen: Sendable {
        package var address: String
        package var port: UInt16
        /// Whether the server does without when another program listens there.
        package var isOptional: Bool

        package init(address: String, port: UInt16, isOptional: Bool) {
            self.address = address
            self.port = port
            self.isOptional = isOptional
        }
    }

    private static let policyGap = Duration.milliseconds(500)
    private static let syncGap = Duration.seconds(1)
    /// How long after an interval's end the snapshots of agents are waited for, in milliseconds.
    private static let patienceMax: Int64 = 2000
    private static let maintenanceGap = Duration.seconds(60)

    package let store: SeriesStore
    let setting: Setting
    let now: @Sendable () -> Instant
    let logger: Logger
    let policies: MetricsPolicies
    private let happenings: Happenings
    private let sources: MetricsSources
    private let scraper: ScrapeService
    let outgoing: OutgoingHTTP
    let relays: RelayService
    /// What another part of the server tells of itself.
    private struct Others: Sendable {
        var figures: @Sendable (_ time: Int64) async -> [NamedPoint]
    }

    private let otherFigures = Mutex<[Others]>([])
    let audit: AuditLog
    private let full = Mutex(FullSources())
    private let listeners = Mutex(Listeners())
    /// Sums of what comes as differences.
    private let openTelemetry = Mutex(OTLPMetrics())
    private let lineMeasures: LineMeasures

    /// What listens, and what could not.
    private struct Listeners {
        var statsd: StatsdServer?
        var carbon: CarbonListener?
        var problems: [Problem] = []
    }

    /// Opens the store.
    /// - Parameters:
    ///   - policy: what git has said last, before this start.
    ///   - state: where posted events are kept.
    package init(
        _ setting: Setting, policy: MetricsPolicy, state: any StateStore, audit: AuditLog, sources: MetricsSources,
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) throws(Problem) {
        self.setting = setting
        self.now = now
        self.logger = logger
        self.audit = audit
        lineMeasures = LineMeasures(after: UInt64(max(0, now().milliseconds)))
        policies = MetricsPolicies(policy)
        let seconds: @Sendable () -> Int64 = { now().milliseconds / 1000 }
        var options = SeriesStoreOptions(rules: policy.rules)
        options.durability = .whenAsked
        options.seriesMax = policy.seriesMax
        let (folder, seed) = (setting.folder, UInt64.random(in: 0 ... .max))
        let (store, report) = try told { () throws(TelemetryProblem) in
            try SeriesStore.open(folder, options, seed: seed, clock: seconds)
        }
        for line in report.dropped { logger.error("metrics were lost", metadata: ["what": "\(line)"]) }
        logger.info("metrics", metadata: ["series": "\(report.series)", "points": "\(report.points)"])
        self.store = store
        happenings = Happenings(state: state, executions: sources.executions, now: now)
        self.sources = sources
        let outgoing = OutgoingHTTP()
        let relays = RelayService(
            folder: folder.removingLastComponent().appending("relays"), store: store, secrets: setting.secrets,
            outgoing: outgoing, now: now, logger: logger)
        relays.configure(policy.relays)
        self.outgoing = outgoing
        self.relays = relays
        scraper = ScrapeService(store: relays.tap, targets: sources.targets, now: now, logger: logger)
    }

    package func run() async throws {
        try listen()
        defer { hangUp() }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask {
                    await self.repeating(Self.syncGap) { () throws(TelemetryProblem) in
                        self.mergeLineMeasures()
                        try self.store.sync()
                    }
                }
                group.addTask {
                    await self.repeating(Self.maintenanceGap) { () throws(TelemetryProblem) in
                        try self.store.maintain()
                    }
                }
                group.addTask { await self.keepTime() }
                group.addTask { await self.followGit() }
                group.addTask { await self.happenings.run() }
                group.addTask { await self.scraper.run(self.policies) }
                group.addTask { await self.relays.run(self.policies) }
            }
        }
        hangUp()
        do { try store.sync() } catch { logger.error("metrics were not saved", metadata: ["problem": "\(error)"]) }
        relays.sync()
        await outgoing.shutdown()
    }

    /// Takes what git says now.
    func apply(_ policy: MetricsPolicy) {
        let statsd = policies.current.statsd
        guard policies.set(policy) else { return }
        store.configure(rules: policy.rules, seriesMax: policy.seriesMax)
        guard policy.statsd != statsd else { return }
        sources.announce(policy.flush)
        listeners.withLock { $0.statsd }?.configure(policy.statsd, patience: Self.patience(policy))
    }

    private static func patience(_ policy: MetricsPolicy) -> Int64 {
        min(patienceMax, policy.flush.milliseconds / 2)
    }

    /// Counts what lines of logs say.
    package func count(_ measures: [LogMeasure]) { lineMeasures.add(measures) }

    private func mergeLineMeasures() {
        guard let statsd = listeners.withLock({ $0.statsd }), let snapshot = lineMeasures.take() else { return }
        do throws(TelemetryProblem) { _ = try statsd.merge(snapshot) } catch {
            logger.error("figures of logs were lost", metadata: ["problem": "\(error)"])
        }
    }

    /// What could not be listened on, the relays whose targets are away, and who has too many series: for the doctor.
    package var problems: [Problem] {
        let cap = policies.current.seriesMax
        let tooMany = full.withLock { $0.problem(seriesMax: cap) }
        return listeners.withLock { $0.problems } + relays.problems + (tooMany.map { [$0] } ?? [])
    }

    /// What agents are to gather for.
    package var interval: Interval { policies.current.flush }

    /// Where statsd and carbon listen, as the kernel says.
    package var ports: (statsd: UInt16?, carbon: UInt16?) {
        listeners.withLock { listeners in
            (listeners.statsd.flatMap { $0.datagramPort == 0 ? nil : $0.datagramPort }, listeners.carbon?.linePort)
        }
    }

    /// On a thread that may wait for a disk.
    private func repeating(
        _ gap: Duration, _ body: @escaping @Sendable () throws(TelemetryProblem) -> Void
    ) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: gap)
            do {
                try await NIOThreadPool.singleton.runIfActive { try body() }
            } catch is CancellationError {
                return
            } catch {
                logger.error("metrics were not made safe", metadata: ["problem": "\(error)"])
            }
        }
    }

    /// At each whole multiple of the interval: the server's own figures.
    private func keepTime() async {
        while !Task.isCancelled {
            let interval = policies.current.flush.milliseconds
            let time = now().milliseconds
            try? await Task.sleep(for: .milliseconds(interval - time % interval))
            if Task.isCancelled { return }
            await keepOwn(at: now().milliseconds / 1000)
        }
    }

    private func followGit() async {
        while !Task.isCancelled {
            if let policy = await sources.policy() { apply(policy) }
            try? await Task.sleep(for: Self.policyGap)
        }
    }

    /// Keeps what another part of the server tells of itself, along with the server's own figures.
    package func keep(figures: @escaping @Sendable (_ time: Int64) async -> [NamedPoint]) {
        otherFigures.withLock { $0.append(Others(figures: figures)) }
    }

    private func keepOwn(at time: Int64) async {
        let statistics = store.statistics
        noteFull(statistics, at: time)
        let fullCount = full.withLock { $0.full.count }
        let figures = await sources.own().points(statistics: statistics, sourcesFull: fullCount, at: time)
        var others: [NamedPoint] = []
        for part in otherFigures.withLock({ $0 }) { others += await part.figures(time) }
        _ = relays.tap.keep(figures + relays.figures(at: time) + others, from: SourceName("server"))
    }

    /// A source that has become full is logged and marked on every chart, once.
    private func noteFull(_ statistics: SeriesStoreStatistics, at time: Int64) {
        let cap = policies.current.seriesMax
        for source in full.withLock({ $0.receive(statistics, seriesMax: cap) }) {
            logger.error(
                "a source of metrics has no room for new series",
                metadata: ["source": "\(source.name.text)", "series": "\(source.series)", "series-max": "\(cap)"])
            happenings.tell(
                GraphEvent(
                    id: 0, time: time, what: "\(source.name.text) is full", tags: ["metrics", "source-full"],
                    data: "It has \(source.series) series, and may have \(cap): see `apus doctor`."))
        }
    }

    /// Marks on every chart something that the server knows; kept soon.
    package func mark(_ event: GraphEvent) { happenings.tell(event) }

    private func listen() throws(Problem) {
        try listenStatsd()
        guard let place = setting.carbon else { return }
        try open(place, "carbon") { () throws(TelemetryProblem) in
            var endpoint = CarbonEndpoint()
            endpoint.address = place.address
            endpoint.linePort = place.port
            endpoint.datagramPort = place.port
            endpoint.picklePort = place.port == 0 ? 0 : place.port + 1
            let listener = try CarbonListener(endpoint, sink: relays.tap, seed: .random(in: 0 ... .max))
            listeners.withLock { $0.carbon = listener }
            logger.info("carbon listens", metadata: ["address": "\(place.address)", "port": "\(listener.linePort)"])
        }
    }

    /// What agents send is aggregated by the server's statsd, whether or not it listens for anybody else.
    private func listenStatsd() throws(Problem) {
        if let place = setting.statsd {
            try open(place, "statsd") { () throws(TelemetryProblem) in try startStatsd(place) }
        }
        if listeners.withLock({ $0.statsd == nil }) {
            try told { () throws(TelemetryProblem) in try startStatsd(nil) }
        }
    }

    private func startStatsd(_ place: Listen?) throws(TelemetryProblem) {
        let endpoint = place.map { place in
            var endpoint = StatsdEndpoint()
            endpoint.address = place.address
            endpoint.datagramPort = place.port
            endpoint.streamPort = place.port
            return endpoint
        }
        let policy = policies.current
        let server = try StatsdServer(
            endpoint, settings: policy.statsd, patience: Self.patience(policy),
            managementPort: place.map { $0.port == 0 ? 0 : $0.port + 1 }, sink: relays.tap,
            durability: StatsdDurability(folder: setting.folder.appending("statsd")) {
                [store] () throws(TelemetryProblem) in
                // A log that could not be synced is in doubt; blocks are another way to be safe.
                do throws(TelemetryProblem) { try store.sync() } catch { try store.flush() }
            },
            seed: .random(in: 0 ... .max)
        ) { [logger, happenings] report in
            for line in report.badLines {
                logger.notice("statsd line refused", metadata: ["line": "\(line.text): \(line.reason.rawValue)"])
            }
            if let problem = report.problem {
                logger.error("statsd was not kept", metadata: ["problem": "\(problem)"])
            }
            if !report.events.isEmpty { happenings.hear(report.events, at: report.end) }
        }
        for line in server.dropped { logger.error("metrics were lost", metadata: ["what": "\(line)"]) }
        listeners.withLock { $0.statsd = server }
        guard let place else { return }
        logger.info("statsd listens", metadata: ["address": "\(place.address)", "port": "\(server.datagramPort)"])
    }

    private func open(
        _ place: Listen, _ what: String, _ body: () throws(TelemetryProblem) -> Void
    ) throws(Problem) {
        do throws(Problem) {
            try told(body)
        } catch {
            guard place.isOptional else { throw error }
            logger.warning("\(what) does not listen", metadata: ["problem": "\(error)"])
            listeners.withLock { if !$0.problems.contains(error) { $0.problems.append(error) } }
        }
    }

    private func hangUp() {
        let all = listeners.withLock { listeners in
            defer { listeners = Listeners(problems: listeners.problems) }
            return (listeners.statsd, listeners.carbon)
        }
        all.0?.stop()
        all.1?.stop()
    }
}

extension MetricsService: MetricsOperations {
    package func series(noting notices: QueryNotices) -> any SeriesSource { branched(notices) }

    package var statistics: SeriesStoreStatistics { store.statistics }

    package var sourcesFull: Int { full.withLock { $0.full.count } }

    package func events(from: Int64, until: Int64) async throws(Problem) -> [GraphEvent] {
        await happenings.events(from: from, until: until)
    }

    package func post(_ event: GraphEvent, by principal: Principal) async throws(Problem) {
        try await happenings.post(event)
    }

    package func take(_ points: [NamedPoint], from source: SourceName) async throws(Problem) -> PointsTaken {
        let taken = relays.tap.keep(points, from: source)
        if let problem = taken.problem { throw Problem(problem) }
        try told { () throws(TelemetryProblem) in try store.sync() }
        return taken.sum
    }

    package func take(_ points: NamedPoints, from source: SourceName) async throws(Problem) -> PointsTaken {
        var sum = PointsTaken()
        sum.refused = try told { () throws(TelemetryProblem) in try points.write(to: relays.tap, source: source) }
        sum.taken = points.count - sum.refused
        sum.refused += points.unfit
        try told { () throws(TelemetryProblem) in try store.sync() }
        return sum
    }

    package func takeOpenTelemetry(
        _ body: [UInt8], as format: OTLPMetrics.Format
    ) async throws(Problem) -> PointsTaken {
        let time = now().milliseconds / 1000
        let points = try openTelemetry.withLock { (telemetry) throws(Problem) in
            try told { () throws(TelemetryProblem) in
                telemetry.expire(at: time)
                return try telemetry.points(of: body, as: format, at: time)
            }
        }
        return try await take(points, from: SourceName("otlp"))
    }

    package func png(_ svg: String, width: Int) async throws(Problem) -> [UInt8] {
        try await PictureMaker.png(svg, width: width)
    }

    /// Keeps what a host has measured.
    /// - Returns: whether it is kept; what is not has to come again.
    /// - Throws: `metrics.invalid` for what no agent of ours sends.
    package func measured(_ host: HostName, _ bytes: ByteBuffer) async throws(Problem) -> Bool {
        let body = Array(bytes.readableBytesView.dropFirst())
        switch bytes.readableBytesView.first {
        case UInt8(ascii: "P"):
            let points = try told { () throws(TelemetryProblem) in try PointBatch.decode(body) }
            try Self.check(points, from: host)
            let taken = relays.tap.keep(points, from: SourceName("host:\(host)"))
            // A full disk is no fault of the host, and no reason to lose its connection: these points are lost.
            if let problem = taken.problem {
                logger.error("metrics of a host were lost", metadata: ["host": "\(host)", "problem": "\(problem)"])
            }
            return true
        case UInt8(ascii: "S"):
            return try await merge(body, from: host)
        case let kind:
            throw Problem(
                "metrics.invalid", "What the host has measured was not taken.",
                cause: "It is of the unknown kind \(kind ?? 0).",
                remedy: "Run the same version of Apus on the host and on the server.")
        }
    }

    /// A host that was taken over may lie about itself, and about nothing else.
    private static func check(_ points: [NamedPoint], from host: HostName) throws(Problem) {
        let node = host.node
        for point in points {
            let path = point.name.split(separator: ".", maxSplits: 3)
            let isOwn =
                path.first == "apps" || (path.count > 1 && path[0] == "hosts" && path[1] == node)
                || (path.count > 2 && path[0] == "balancers" && path[2] == node)
            guard isOwn else {
                throw Problem(
                    "metrics.other-host", "What the host has measured was not taken.",
                    cause: "\(quotedForMessage(point.name)) is no figure of \(host), its instances and its balancers.",
                    remedy: "Look at the host: this is a fault in its agent, or somebody else speaks for it.")
            }
        }
    }

    /// Takes a snapshot of an agent's statsd in, once. One that comes too late is given up: it is no reason
    /// to hear it again.
    private func merge(_ bytes: [UInt8], from host: HostName) async throws(Problem) -> Bool {
        let snapshot = try told { () throws(TelemetryProblem) in try StatsdSnapshot(decoding: bytes) }
        guard snapshot.agent == host.text else {
            throw Problem(
                "metrics.other-host", "What the host has measured was not taken.",
                cause: "It is for the host \(quotedForMessage(snapshot.agent)); the certificate is for \(host).",
                remedy: "Look at the host: this is a fault in its agent, or somebody else speaks for it.")
        }
        guard let statsd = listeners.withLock({ $0.statsd }) else { return false }
        do {
            // It waits for a disk, which no thread of others may do.
            return try await NIOThreadPool.singleton.runIfActive { [logger] in
                do throws(TelemetryProblem) {
                    _ = try statsd.merge(snapshot, encoded: bytes)
                    return true
                } catch {
                    let isGivenUp = error.code != "storage.failed"
                    logger.notice(
                        isGivenUp ? "metrics of a host were given up" : "metrics of a host have to wait",
                        metadata: ["host": "\(snapshot.agent)", "problem": "\(error)"])
                    return isGivenUp
                }
            }
        } catch {
            return false
        }
    }
}
