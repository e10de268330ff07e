package import Core
import Logging
import NIOPosix
import Synchronization
import SystemPackage
package import Telemetry

/// The relays of a fabric: opens what git says, and sends what waits in each.
final class RelayService: Sendable {
    private struct Running: Sendable {
        var spec: RelaySpec
        var relay: Relay
        var target: any RelayTarget
    }

    private static let idle = Duration.milliseconds(100)
    private static let syncGap = Duration.seconds(1)
    private static let policyGap = Duration.milliseconds(500)

    /// What points are put into.
    let tap: RelayTap
    private let folder: FilePath
    private let secrets: WebhookSecrets
    private let outgoing: OutgoingHTTP
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var specs: [RelaySpec] = []
        var running: [Running] = []
        var problems: [Problem] = []
    }

    init(
        folder: FilePath, store: any NamingSink, secrets: WebhookSecrets, outgoing: OutgoingHTTP,
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        tap = RelayTap(store) { now().milliseconds }
        self.folder = folder
        self.secrets = secrets
        self.outgoing = outgoing
        self.now = now
        self.logger = logger
    }

    /// Opens relays that are new or changed, and leaves those that git has no longer. What waits for one that
    /// is left stays in its folder, for when it comes back. Nothing may be sending meanwhile.
    func configure(_ specs: [RelaySpec]) {
        state.withLock { state in
            guard specs != state.specs else { return }
            // A buffer has one owner at a time.
            let kept = state.running.filter { specs.contains($0.spec) }
            tap.set(kept.map(\.relay))
            for one in state.running where !specs.contains(one.spec) { sync(one.relay) }
            state.running = kept
            state.problems = []
            for spec in specs where !kept.contains(where: { $0.spec == spec }) {
                do throws(Problem) {
                    state.running.append(try open(spec))
                } catch {
                    logger.error("a relay was not opened", metadata: ["relay": "\(spec.name)", "problem": "\(error)"])
                    state.problems.append(error)
                }
            }
            state.specs = specs
            tap.set(state.running.map(\.relay))
        }
    }

    func run(_ policies: MetricsPolicies) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepSafe() }
            while !Task.isCancelled {
                let specs = policies.current.relays
                configure(specs)
                await serve(until: { policies.current.relays != specs })
            }
            group.cancelAll()
        }
    }

    /// The targets that take nothing, for the doctor.
    var problems: [Problem] {
        let (running, problems) = state.withLock { ($0.running, $0.problems) }
        return problems
            + running.compactMap { one in
                one.relay.problem.map { problem in
                    Problem(
                        "relay.away", "The relay \(one.spec.name) sends nothing: its target is away.",
                        cause: "\(problem.cause) \(one.relay.counts.waiting) points wait.", remedy: problem.remedy)
                }
            }
    }

    var counts: [(name: RelayName, counts: RelayCounts)] {
        state.withLock { $0.running }.map { ($0.spec.name, $0.relay.counts) }
    }

    /// `apus.server.relays.NAME.…`
    func figures(at time: Int64) -> [NamedPoint] {
        counts.flatMap { name, counts in
            let figures: [(String, Int)] = [
                ("sent", counts.sent), ("waiting", counts.waiting), ("waiting-bytes", counts.waitingBytes),
                ("dropped", counts.dropped), ("refused", counts.refused), ("failures", counts.failures),
            ]
            return figures.map {
                NamedPoint(name: "apus.server.relays.\(name).\($0.0)", time: time, value: Double($0.1))
            }
        }
    }

    /// Makes what waits outlast a loss of power.
    func sync() { for one in state.withLock({ $0.running }) { sync(one.relay) } }

    /// Where the points of relays that answer are read, by name.
    func sources(_ rules: [RetentionRule], within milliseconds: Int64) -> [String: any SeriesSource] {
        var sources: [String: any SeriesSource] = [:]
        for one in state.withLock({ $0.running }) {
            guard case .clickHouse(_, let database, let table, true) = one.spec.target,
                let target = one.target as? ClickHouseTarget,
                let place = try? ClickHouseTable(database: database, table: table)
            else { continue }
            sources[one.spec.name.text] = ClickHouseSource(place, rules: rules) {
                query async throws(TelemetryProblem) in
                try await target.query(query, within: milliseconds)
            }
        }
        return sources
    }

    private func open(_ spec: RelaySpec) throws(Problem) -> Running {
        var limits = RelayFlow.Limits()
        limits.bytesMax = Int(spec.buffer.bytes)
        let access = RelayAccess(spec: spec, secrets: secrets, outgoing: outgoing)
        let time = now().milliseconds
        let (relay, lost) = try told { () throws(TelemetryProblem) in
            try Relay.open(
                spec.name.text, spec.match, in: folder.appending(spec.name.text), limits: limits, now: time)
        }
        for line in lost {
            logger.error("what waited for a relay was lost", metadata: ["relay": "\(spec.name)", "what": "\(line)"])
        }
        let target: any RelayTarget =
            switch spec.target {
            case .graphite(let host, let port): GraphiteTarget(name: spec.name, host: host, port: port)
            case .remoteWrite: RemoteWriteTarget(access: access)
            case .clickHouse(_, let database, let table, _):
                ClickHouseTarget(
                    access,
                    try told { () throws(TelemetryProblem) in try ClickHouseTable(database: database, table: table) })
            }
        return Running(spec: spec, relay: relay, target: target)
    }

    private func serve(until isOver: @escaping @Sendable () -> Bool) async {
        await withDiscardingTaskGroup { group in
            for one in state.withLock({ $0.running }) { group.addTask { await self.send(one) } }
            while !Task.isCancelled, !isOver() { try? await Task.sleep(for: Self.policyGap) }
            group.cancelAll()
        }
    }

    private func send(_ one: Running) async {
        var isAway = false
        while !Task.isCancelled {
            guard let shipment = one.relay.next(at: now().milliseconds) else {
                try? await Task.sleep(for: Self.idle)
                continue
            }
            let outcome = shipment.points.isEmpty ? Self.unreadable(one.spec) : await one.target.send(shipment)
            if Task.isCancelled, case .failed = outcome { return one.relay.giveBack() }
            one.relay.arrived(outcome, at: now().milliseconds)
            switch outcome {
            case .delivered:
                if isAway { logger.notice("a relay sends again", metadata: ["relay": "\(one.spec.name)"]) }
                isAway = false
            case .failed(let problem), .refused(let problem), .deliveredBut(_, let problem):
                if !isAway {
                    logger.warning(
                        "a relay does not send", metadata: ["relay": "\(one.spec.name)", "problem": "\(problem)"])
                }
                isAway = true
            }
        }
    }

    private static func unreadable(_ spec: RelaySpec) -> Relay.Outcome {
        .refused(
            TelemetryProblem(
                "relay.buffer-damaged", "Points for the relay \(spec.name) were lost.",
                cause: "What waited in its buffer could not be read.", remedy: "Look at the server's disk."))
    }

    private func keepSafe() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.syncGap)
            let relays = state.withLock { $0.running.map(\.relay) }
            guard !relays.isEmpty else { continue }
            try? await NIOThreadPool.singleton.runIfActive { for relay in relays { self.sync(relay) } }
        }
    }

    private func sync(_ relay: Relay) {
        do {
            try relay.sync()
        } catch {
            logger.error(
                "what waits for a relay was not made safe",
                metadata: ["relay": "\(relay.name)", "problem": "\(error)"])
        }
    }
}

extension MetricsService {
    /// What became of the points of each relay.
    package var relayCounts: [(name: RelayName, counts: RelayCounts)] { relays.counts }
}
