import Core
import Logging
import ServiceLifecycle
import Synchronization
import Telemetry
import Wire

/// What is measured on a host: what its apps send to the agent's statsd, and figures of the host, its
/// instances and its balancers, all on their way to the server.
final class HostMetrics: Service {
    struct Setting: Sendable {
        var host: HostName
        /// Where statsd listens: what instances get as `STATSD_HOST`.
        var address: String
        /// Statsd's port; another one is taken if it is not free.
        var port: UInt16 = 8125
        /// Between two readings.
        var interval = Interval.seconds(10)
        var balancers: @Sendable () async -> [BalancerName: BalancerFigures.Reading]
        var instances: @Sendable () async -> [LiveInstance]
        var resourceGroups: ResourceGroups
        /// More of the host's own figures: names behind `hosts.HOST`, and values.
        var figures: @Sendable () -> [(name: String, value: Double)] = { [] }
        var now: @Sendable () -> Instant
    }

    /// A snapshot beyond is sent in several.
    private static let snapshotBytesMax = AgentProtocol.metricsBytesMax / 2
    /// The most pieces of one snapshot; what is beyond is left out and said.
    private static let piecesMax = 64

    private let setting: Setting
    private let outbox: MetricsOutbox
    private let logger: Logger
    private let listener = Mutex<StatsdListener?>(nil)
    /// How long statsd gathers, as the server says.
    private let gathering = Mutex(Interval.seconds(10))
    private let lastNumber = Mutex<UInt64>(0)

    init(_ setting: Setting, outbox: MetricsOutbox, logger: Logger) {
        self.setting = setting
        self.outbox = outbox
        self.logger = logger
    }

    /// What instances find statsd by; empty when it does not listen.
    var environment: [String: String] {
        guard let port = listener.withLock({ $0?.datagramPort }) else { return [:] }
        return ["STATSD_HOST": setting.address, "STATSD_PORT": "\(port)"]
    }

    /// Begins to listen: before instances start, which are told the port.
    func listen() {
        var endpoint = StatsdEndpoint()
        endpoint.address = setting.address
        endpoint.datagramPort = setting.port
        endpoint.streamPort = setting.port
        do throws(TelemetryProblem) {
            try start(endpoint)
        } catch {
            logger.warning("statsd takes another port", metadata: ["problem": "\(error)"])
            endpoint.datagramPort = 0
            endpoint.streamPort = 0
            do throws(TelemetryProblem) { try start(endpoint) } catch {
                logger.error("statsd does not listen", metadata: ["problem": "\(error)"])
            }
        }
    }

    /// Begins anew when the server wants other intervals; what has been gathered is sent.
    func gather(for interval: Interval) {
        let isNew = gathering.withLock { gathering in
            defer { gathering = interval }
            return gathering != interval
        }
        guard isNew, let old = listener.withLock({ $0.take() }) else { return }
        old.stop()
        var endpoint = StatsdEndpoint()
        endpoint.address = setting.address
        endpoint.datagramPort = old.datagramPort
        endpoint.streamPort = old.streamPort
        do throws(TelemetryProblem) { try start(endpoint) } catch {
            logger.error("statsd does not listen", metadata: ["problem": "\(error)"])
        }
    }

    private func start(_ endpoint: StatsdEndpoint) throws(TelemetryProblem) {
        let started = try StatsdListener(
            endpoint, intervalSeconds: max(1, gathering.withLock { $0 }.milliseconds / 1000),
            seed: .random(in: 0 ... .max)
        ) { [weak self] tally, _ in self?.send(tally) }
        listener.withLock { $0 = started }
    }

    func run() async throws {
        defer { listener.withLock { $0.take() }?.stop() }
        await cancelWhenGracefulShutdown { await self.collect() }
    }

    /// Readings at whole multiples of the interval, so that all hosts' points are in the same slots.
    private func collect() async {
        var collectors = HostCollectors(host: setting.host, resourceGroups: setting.resourceGroups)
        var balancers = BalancerFigures()
        let interval = setting.interval.milliseconds
        while !Task.isCancelled {
            let time = setting.now().milliseconds
            try? await Task.sleep(for: .milliseconds(interval - time % interval))
            if Task.isCancelled { return }
            let now = setting.now()
            var points = collectors.points(of: await setting.instances(), at: now)
            points += balancers.points(await setting.balancers(), host: setting.host.node, at: now)
            points.append(
                NamedPoint(
                    name: "hosts.\(setting.host.node).agent.parcels-dropped", time: now.milliseconds / 1000,
                    value: Double(outbox.droppedCount)))
            for figure in setting.figures() {
                points.append(
                    NamedPoint(
                        name: "hosts.\(setting.host.node).\(figure.name)", time: now.milliseconds / 1000,
                        value: figure.value))
            }
            for start in stride(from: 0, to: points.count, by: 5000) {
                let part = points[start..<min(start + 5000, points.count)]
                outbox.add([UInt8(ascii: "P")] + PointBatch.encode(part))
            }
        }
    }

    /// A number for a snapshot, which grows also over restarts of the agent: the time, or one more than the last.
    private func nextNumber() -> UInt64 {
        let time = UInt64(max(0, setting.now().milliseconds))
        return lastNumber.withLock { last in
            last = max(last + 1, time)
            return last
        }
    }

    /// Sends what statsd has gathered.
    private func send(_ tally: StatsdTally) {
        for line in tally.badLines {
            logger.notice("statsd line refused", metadata: ["line": "\(line.text): \(line.reason.rawValue)"])
        }
        let whole = StatsdSnapshot(tally, agent: setting.host.text, interval: 0)
        guard !whole.series.isEmpty || whole.counts.badLines + whole.counts.packetsDropped > 0 else { return }
        var pieces = [whole]
        while let large = pieces.firstIndex(where: { $0.encoded().count > Self.snapshotBytesMax && $0.series.count > 1 }
        ),
            pieces.count < Self.piecesMax
        {
            let piece = pieces.remove(at: large)
            let middle = piece.series.count / 2
            pieces.append(
                StatsdSnapshot(
                    agent: piece.agent, interval: 0, counts: piece.counts, series: Array(piece.series[..<middle])))
            pieces.append(StatsdSnapshot(agent: piece.agent, interval: 0, series: Array(piece.series[middle...])))
        }
        for piece in pieces {
            var piece = piece
            piece.interval = nextNumber()
            let bytes = piece.encoded()
            guard bytes.count < AgentProtocol.metricsBytesMax else {
                logger.error("a series of statsd is too large to be sent", metadata: ["bytes": "\(bytes.count)"])
                continue
            }
            outbox.add([UInt8(ascii: "S")] + bytes)
        }
    }
}

extension HostName {
    /// As one node of a series' path.
    var node: String { text.replacing(".", with: "_") }
}
