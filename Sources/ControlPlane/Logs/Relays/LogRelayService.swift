import Core
import Logging
import Logs
import Synchronization
import SystemPackage
import Telemetry

/// The relays of a fabric's lines: opens what git says, sends what waits in each, and asks ClickHouse for older lines.
final class LogRelayService: Sendable {
    private struct Running: Sendable {
        var spec: LogRelaySpec
        var relay: LogRelay
        var access: RelayAccess
        var send: @Sendable (LogShipment) async -> Relay.Outcome
    }

    private struct State {
        var specs: [LogRelaySpec] = []
        var running: [Running] = []
        var problems: [Problem] = []
        /// Who has sent a batch since the start.
        var heard: Set<String> = []
    }

    /// What a search waits for ClickHouse.
    private static let searchTime: Int64 = 30_000

    private let folder: FilePath
    private let secrets: WebhookSecrets
    private let outgoing = OutgoingHTTP()
    private let now: @Sendable () -> Instant
    private let logger: Logger
    private let runner: RelayRunner
    private let state = Mutex(State())

    init(
        folder: FilePath, secrets: WebhookSecrets, now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.folder = folder
        self.secrets = secrets
        self.now = now
        self.logger = logger
        runner = RelayRunner("lines", now: now, logger: logger)
    }

    /// Opens relays that are new or changed, and leaves those that git has no longer. What waits for one that is left
    /// stays in its folder, for when it comes back. Nothing may be sending meanwhile.
    func configure(_ specs: [LogRelaySpec]) {
        // A buffer has one owner at a time, so nothing is taken meanwhile either.
        state.withLock { state in
            guard specs != state.specs else { return }
            let kept = state.running.filter { specs.contains($0.spec) }
            for one in state.running where !specs.contains(one.spec) { runner.sync(one.relay.relay) }
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
            runner.set(state.running.map(track))
        }
    }

    func run(_ current: @escaping @Sendable () -> [LogRelaySpec]) async {
        await runner.run {
            let specs = current()
            self.configure(specs)
            return { current() != specs }
        }
        runner.sync()
        await outgoing.shutdown()
    }

    /// Keeps lines that the store has taken.
    /// - Parameter isRepeated: whether the store knew the batch. It may have been killed between taking it and this, so
    ///   that the first batch that a sender repeats after a start is relayed again.
    func take(_ batch: LogBatch, _ delivery: LogDelivery?, isRepeated: Bool) {
        state.withLock { state in
            let isFirst = delivery.map { state.heard.insert($0.sender).inserted } ?? false
            if isRepeated, !isFirst { return }
            let time = now().milliseconds
            for one in state.running { one.relay.take(batch, at: time) }
        }
    }

    /// The lines of a source, and those in ClickHouse that are older than what it is asked for.
    func searched(_ near: any LogSource) -> any LogSource {
        for one in state.withLock({ $0.running }) {
            guard case .clickHouse(_, let database, let table, let age?) = one.spec.target,
                let place = try? ClickHouseTable(database: database, table: table)
            else { continue }
            let access = one.access
            let far = ClickHouseLogSource(ClickHouseLogTable(place)) { query async throws(TelemetryProblem) in
                try await access.clickHouse(query, within: Self.searchTime)
            }
            let boundary = (now().milliseconds - age.milliseconds) * 1_000_000
            return LogTieredSource(near: near, far: far, boundary: boundary)
        }
        return near
    }

    /// What could not be opened, and the targets that take nothing, for the doctor.
    var problems: [Problem] { state.withLock { $0.problems } + runner.problems }

    var counts: [(name: RelayName, counts: RelayCounts)] { runner.counts }

    /// `apus.server.log-relays.NAME.…`
    func figures(at time: Int64) -> [NamedPoint] { runner.figures("apus.server.log-relays", at: time) }

    private func track(_ one: Running) -> RelayRunner.Track {
        let runner = runner
        return RelayRunner.Track(name: one.spec.name, relay: one.relay.relay) { now in
            guard let shipment = one.relay.next(at: now) else { return nil }
            if shipment.isEmpty { return { runner.unreadable(one.spec.name) } }
            return { await one.send(shipment) }
        }
    }

    private func open(_ spec: LogRelaySpec) throws(Problem) -> Running {
        var limits = RelayFlow.Limits()
        limits.bytesMax = Int(spec.buffer.bytes)
        let time = now().milliseconds
        let (relay, lost) = try told { () throws(TelemetryProblem) in
            try LogRelay.open(
                spec.name.text, try LogQuery(spec.match).compiled(), in: folder.appending(spec.name.text),
                limits: limits, now: time)
        }
        for line in lost {
            logger.error("what waited for a relay was lost", metadata: ["relay": "\(spec.name)", "what": "\(line)"])
        }
        var access = RelayAccess(
            name: spec.name, address: spec.url.text, user: spec.user, secret: spec.secret, secrets: secrets,
            outgoing: outgoing)
        if spec.kind == .elasticsearch { access.scheme = "ApiKey" }
        return Running(spec: spec, relay: relay, access: access, send: try sending(spec, access))
    }

    private func sending(
        _ spec: LogRelaySpec, _ access: RelayAccess
    ) throws(Problem) -> @Sendable (LogShipment) async -> Relay.Outcome {
        switch spec.target {
        case .clickHouse(_, let database, let table, _):
            let place = try told { () throws(TelemetryProblem) in
                try ClickHouseTable(database: database, table: table)
            }
            let sender = ClickHouseLogSender(ClickHouseLogTable(place), name: spec.name.text) {
                query, rows, id async throws(TelemetryProblem) in
                try await access.clickHouse(query, rows, id: id)
            }
            return { await sender.send($0) }
        case .elastic(_, let index):
            let pattern = try told { () throws(TelemetryProblem) in try ElasticIndexPattern(index) }
            let sender = ElasticLogSender(pattern, name: spec.name.text) { body async throws(TelemetryProblem) in
                try await access.bulk(body)
            }
            return { await sender.send($0) }
        }
    }
}

extension RelayAccess {
    /// Sends documents to Elasticsearch, of whose answer only the status of each matters.
    fileprivate func bulk(_ packed: [UInt8]) async throws(TelemetryProblem) -> ElasticLogSender.Answer {
        let base = address.hasSuffix("/") ? String(address.dropLast()) : address
        let headers = [("content-type", "application/x-ndjson"), ("content-encoding", "gzip")]
        let answer = try await post(
            "\(base)/_bulk?filter_path=items.*.status,items.*.error", headers.map { (name: $0.0, value: $0.1) }, packed)
        return ElasticLogSender.Answer(status: answer.status, body: answer.body)
    }
}
