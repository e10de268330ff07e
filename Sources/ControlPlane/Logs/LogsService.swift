import ConfigRepository
package import Core
package import Logging
package import Logs
import NIOPosix
import ServiceLifecycle
import Synchronization
package import SystemPackage
package import Telemetry

/// The logs of a fabric: the store of lines, and everything that brings lines into it.
package final class LogsService: Service {
    private static let policyGap = Duration.milliseconds(500)
    private static let ownGap = Duration.milliseconds(500)
    private static let maintenanceGap = Duration.seconds(60)

    package let store: LogStore
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let sources: Sources
    private let followers = LogFollowers()
    private let rules: Mutex<Rules>
    private let archive: LogArchiver?
    private let errors: ErrorReporter?
    let raw: RawLogs?
    private let syslogSetting: SyslogSetting?
    private let syslog = Mutex<SyslogService?>(nil)
    private let relays: LogRelayService

    /// What the service asks of others.
    package struct Sources: Sendable {
        /// What git says now; nil if nothing is known yet.
        package var configuration: @Sendable () async -> FabricConfiguration?
        /// Tells hosts that they may have something else to collect.
        package var announce: @Sendable () -> Void
        /// Takes what lines say to the metrics.
        package var measures: @Sendable ([LogMeasure]) -> Void
        /// What this program itself has logged since the last time.
        package var own: @Sendable () -> [OwnLines.Line]

        package init(
            configuration: @escaping @Sendable () async -> FabricConfiguration?,
            announce: @escaping @Sendable () -> Void,
            measures: @escaping @Sendable ([LogMeasure]) -> Void = { _ in },
            own: @escaping @Sendable () -> [OwnLines.Line] = { [] }
        ) {
            self.configuration = configuration
            self.announce = announce
            self.measures = measures
            self.own = own
        }
    }

    private struct Rules {
        var configuration: FabricConfiguration?
        var policy: LogsPolicy { configuration?.policy.logs ?? LogsPolicy() }
        var program: LogProgram
        /// Counts programs.
        var version = 0
    }

    /// Opens the store.
    /// - Parameters:
    ///   - archive: where segments go that are complete; nil: they stay where they are.
    ///   - raw: where lines go as hosts sent them; nil: nowhere.
    ///   - errors: who is to know of errors that apps log; nil: nobody.
    ///   - syslog: where to listen for syslog; nil: nowhere.
    ///   - configuration: what git has said last, before this start.
    ///   - secrets: tokens and passwords for relays.
    package init(
        _ folder: FilePath, archive: LogArchiver?, raw: RawLogs? = nil, errors: ErrorReporter? = nil,
        syslog: SyslogSetting? = nil, configuration: FabricConfiguration?, sources: Sources, secrets: WebhookSecrets,
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) throws(Problem) {
        let policy = configuration?.policy.logs ?? LogsPolicy()
        self.now = now
        self.logger = logger
        self.sources = sources
        self.archive = archive
        self.errors = errors
        try errors?.configure(policy.errors ?? .usual)
        self.raw = raw
        syslogSetting = syslog
        rules = Mutex(Rules(configuration: configuration, program: try Self.program(policy)))
        let clock: @Sendable () -> Int64 = { now().milliseconds * 1_000_000 }
        let (store, report) = try told { () throws(TelemetryProblem) in
            try LogStore.open(folder, policy.storeOptions, archive: archive, clock: clock)
        }
        for line in report.dropped { logger.error("logs were lost", metadata: ["what": "\(line)"]) }
        logger.info("logs", metadata: ["lines-in-log": "\(report.lines)"])
        self.store = store
        let name = (folder.lastComponent?.string ?? "logs") + "-relays"
        relays = LogRelayService(
            folder: folder.removingLastComponent().appending(name), secrets: secrets, now: now, logger: logger)
        relays.configure(policy.relays)
    }

    package func run() async throws {
        let syslog = try await listen()
        self.syslog.withLock { $0 = syslog }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                if let syslog { group.addTask { await syslog.run() } }
                group.addTask { await self.maintain() }
                group.addTask { await self.followGit() }
                group.addTask { await self.keepOwn() }
                if let errors = self.errors { group.addTask { await self.watch(errors) } }
                group.addTask { await self.relays.run { self.rules.withLock { $0.policy.relays } } }
            }
        }
    }

    private func listen() async throws(Problem) -> SyslogService? {
        guard let syslogSetting else { return nil }
        return try await SyslogService(
            syslogSetting,
            output: SyslogService.Output(
                rules: { self.rules.withLock { SyslogIntake.Rules(program: $0.program, version: $0.version) } },
                keep: { batch, measures throws(TelemetryProblem) in try await self.keep(batch, measures, as: nil) }),
            now: now, logger: logger)
    }

    /// Where syslog is listened for, as the kernel says.
    package var syslogPorts: (plain: UInt16?, secure: UInt16?) { syslog.withLock { $0 }?.ports ?? (nil, nil) }

    private func maintain() async {
        // What an earlier server has left is gone on with at once, where git's rules are known.
        if rules.withLock({ $0.configuration == nil }) { try? await Task.sleep(for: Self.maintenanceGap) }
        while !Task.isCancelled {
            do {
                try await NIOThreadPool.singleton.runIfActive { try self.store.maintain() }
            } catch is CancellationError {
                return
            } catch {
                logger.error("logs were not put in order", metadata: ["problem": "\(error)"])
            }
            await archive?.keep(store, at: now())
            await raw?.keep(rules: rules.withLock { $0.policy.raw }, at: now())
            try? await Task.sleep(for: Self.maintenanceGap)
        }
    }

    private func watch(_ errors: ErrorReporter) async {
        do throws(TelemetryProblem) {
            try await errors.catchUp(from: search)
        } catch {
            logger.warning("errors before the start are not looked at", metadata: ["problem": "\(error)"])
        }
        await errors.run()
    }

    private func keepOwn() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.ownGap)
            // The last ones are not cut short by what ended the sleep.
            await Task { await takeOwn() }.value
        }
    }

    /// What cannot be kept was written to the program's own output, and is not worth another line.
    private func takeOwn() async {
        let lines = sources.own()
        guard !lines.isEmpty else { return }
        var processor = processor(.none)
        var labels: [LogStream.Label] = [.init("app", "apus"), .init("process", "server"), .init("source", "apus")]
        if let fabric = rules.withLock({ $0.configuration?.fabric }) { labels.append(.init("fabric", fabric.text)) }
        let stream = processor.builder.stream(LogStream(labels))
        for line in lines { processor.take(line, stream: stream) }
        let (batch, measures) = (processor.takeBatch(), processor.takeMeasures())
        try? await keep(batch, measures, as: nil)
    }

    private func followGit() async {
        while !Task.isCancelled {
            if let configuration = await sources.configuration() { apply(configuration) }
            try? await Task.sleep(for: Self.policyGap)
        }
    }

    /// Takes what git says now. What cannot be used leaves what was there, and git's reader has said so before.
    private func apply(_ configuration: FabricConfiguration) {
        let known = rules.withLock { $0.configuration }
        guard known?.commit != configuration.commit || known?.hosts != configuration.hosts else { return }
        if known?.policy.logs != configuration.policy.logs {
            do throws(Problem) {
                let program = try Self.program(configuration.policy.logs)
                rules.withLock { rules in
                    rules.program = program
                    rules.version += 1
                }
                store.configure(retention: configuration.policy.logs.storeOptions.retention)
                try errors?.configure(configuration.policy.logs.errors ?? .usual)
            } catch {
                logger.error("git's rules for logs cannot be used", metadata: ["problem": "\(error)"])
            }
        }
        rules.withLock { $0.configuration = configuration }
        sources.announce()
    }

    /// What a host is to collect; nil: nothing.
    package func collection(of host: HostName) -> LogCollection? {
        guard let configuration = rules.withLock({ $0.configuration }), let spec = configuration.hosts[host] else {
            return nil
        }
        return configuration.policy.logs.collection(of: spec, classLabels: configuration.classLabels(of: spec))
    }

    /// The labels of a host's lines that it cannot say itself.
    package func labels(of host: HostName) -> [LogStream.Label] {
        guard let configuration = rules.withLock({ $0.configuration }) else { return [] }
        var labels = [LogStream.Label("fabric", configuration.fabric.text)]
        if let spec = configuration.hosts[host] {
            labels += [.init("region", spec.region.text), .init("zone", spec.zone.text)]
        }
        return labels
    }

    private static func program(_ policy: LogsPolicy) throws(Problem) -> LogProgram {
        try told { () throws(TelemetryProblem) in try policy.program() }
    }

    private var program: LogProgram { rules.withLock { $0.program } }

    private func processor(_ labels: LabelFields) -> LogProcessor {
        LogProcessor(program, labels: labels, seed: .random(in: 0 ... .max))
    }

    /// Lines are measured once they are kept: those that are sent again after a refusal count once.
    private func keep(
        _ batch: LogBatch, _ measures: [LogMeasure], as delivery: LogDelivery?
    ) async throws(TelemetryProblem) {
        let isRepeated = delivery.map(store.isKnown) ?? false
        if !batch.lines.isEmpty || delivery != nil { try await store.append(batch, as: delivery) }
        relays.take(batch, delivery, isRepeated: isRepeated)
        if isRepeated { return }
        if !measures.isEmpty { sources.measures(measures) }
        if !followers.isEmpty { followers.tell(batch) }
        errors?.take(batch)
    }
}

extension LogsService: LogSink {
    /// Takes a batch of an agent, whose lines are as they were read.
    package func append(_ batch: LogBatch, as delivery: LogDelivery?) async throws(TelemetryProblem) {
        if let raw {
            let wanted = rules.withLock { $0.policy.raw }
            let isKnown = delivery.map(store.isKnown) ?? false
            if !wanted.isEmpty, !isKnown { await raw.append(batch, rules: wanted, at: now()) }
        }
        var processor = processor(.none)
        processor.take(batch)
        let measures = processor.takeMeasures()
        try await keep(processor.takeBatch(), measures, as: delivery)
    }
}

extension LogsService: LogsOperations {
    package var search: LogSearch {
        let start = ContinuousClock.now
        return LogSearch(relays.searched(store)) { ContinuousClock.now - start }
    }

    /// Relays whose targets are away, for the doctor.
    package var problems: [Problem] { relays.problems }

    /// What became of the lines of each relay.
    package var relayCounts: [(name: RelayName, counts: RelayCounts)] { relays.counts }

    /// The server's own figures of logs, at a time in seconds since 1970.
    package func figures(at time: Int64) async -> [NamedPoint] {
        let own = (syslog.withLock { $0 }?.counts.figures ?? []) + (await raw?.figures ?? [])
        return relays.figures(at: time)
            + own.map { NamedPoint(name: "apus.server.\($0.name)", time: time, value: $0.value) }
    }

    package func take<Answer: Sendable>(
        _ read: @Sendable (inout LogProcessor) throws(Problem) -> Answer
    ) async throws(Problem) -> Answer {
        var processor = processor(.usual)
        let answer = try read(&processor)
        let (batch, measures) = (processor.takeBatch(), processor.takeMeasures())
        try await told { () async throws(TelemetryProblem) in try await keep(batch, measures, as: nil) }
        return answer
    }

    package func errors(of app: String?) -> [(group: ErrorGroup, query: LogQuery)] { errors?.known(of: app) ?? [] }

    package func follow<Item: Sendable>(
        _ filter: LogFilter, _ item: @escaping @Sendable (LogArrival) -> Item
    ) -> AsyncStream<Item> { followers.follow(filter, item) }
}
