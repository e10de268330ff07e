package import Core
import Logging
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

    /// What points are put into.
    let tap: RelayTap
    private let folder: FilePath
    private let secrets: WebhookSecrets
    private let outgoing: OutgoingHTTP
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let runner: RelayRunner
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
        runner = RelayRunner("points", now: now, logger: logger)
    }

    /// Opens relays that are new or changed, and leaves those that git has no longer. What waits for one that
    /// is left stays in its folder, for when it comes back. Nothing may be sending meanwhile.
    func configure(_ specs: [RelaySpec]) {
        state.withLock { state in
            guard specs != state.specs else { return }
            // A buffer has one owner at a time.
            let kept = state.running.filter { specs.contains($0.spec) }
            tap.set(kept.map(\.relay))
            for one in state.running where !specs.contains(one.spec) { runner.sync(one.relay) }
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
            runner.set(state.running.map(track))
        }
    }

    private func track(_ one: Running) -> RelayRunner.Track {
        let runner = runner
        return RelayRunner.Track(name: one.spec.name, relay: one.relay) { now in
            guard let shipment = one.relay.next(at: now) else { return nil }
            if shipment.points.isEmpty { return { runner.unreadable(one.spec.name) } }
            return { await one.target.send(shipment) }
        }
    }

    func run(_ policies: MetricsPolicies) async {
        await runner.run {
            let specs = policies.current.relays
            self.configure(specs)
            return { policies.current.relays != specs }
        }
    }

    /// What could not be opened, and the targets that take nothing, for the doctor.
    var problems: [Problem] { state.withLock { $0.problems } + runner.problems }

    var counts: [(name: RelayName, counts: RelayCounts)] { runner.counts }

    /// `apus.server.relays.NAME.…`
    func figures(at time: Int64) -> [NamedPoint] { runner.figures("apus.server.relays", at: time) }

    /// Makes what waits outlast a loss of power.
    func sync() { runner.sync() }

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
        let access = RelayAccess(
            name: spec.name, address: spec.address, user: spec.user, secret: spec.secret, secrets: secrets,
            outgoing: outgoing)
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
}

extension MetricsService {
    /// What became of the points of each relay.
    package var relayCounts: [(name: RelayName, counts: RelayCounts)] { relays.counts }
}
