import Core
import FoundationEssentials
import Logging
import ServiceLifecycle
import Synchronization
import SystemPackage
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
        /// Where the port is kept: instances were told it when they started, and outlast the agent.
        var portFile: FilePath
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
    /// How often a port is looked for that is free for datagrams and connections alike.
    private static let attemptsMax = 20

    private let setting: Setting
    private let outbox: MetricsOutbox
    private let logger: Logger
    private let listener = Mutex<StatsdListener?>(nil)
    /// How long statsd gathers, as the server says.
    private let gathering = Mutex(Interval.seconds(10))
    /// Grows by one with each snapshot, and over restarts of the agent too: it begins with the time.
    private let lastNumber: Mutex<UInt64>

    init(_ setting: Setting, outbox: MetricsOutbox, logger: Logger) {
        self.setting = setting
        lastNumber = Mutex(UInt64(max(0, setting.now().milliseconds)))
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
        let port = keptPort ?? setting.port
        endpoint.datagramPort = port
        endpoint.streamPort = port
        do throws(TelemetryProblem) {
            try start(endpoint)
        } catch {
            logger.warning("statsd takes another port", metadata: ["problem": "\(error)"])
            do throws(TelemetryProblem) { try startAnywhere(endpoint) } catch {
                logger.error("statsd does not listen", metadata: ["problem": "\(error)"])
            }
        }
        keepPort()
    }

    /// One port for datagrams and connections, that the kernel picks.
    private func startAnywhere(_ wanted: StatsdEndpoint) throws(TelemetryProblem) {
        var endpoint = wanted
        for attempt in 1...Self.attemptsMax {
            do throws(TelemetryProblem) {
                endpoint.datagramPort = 0
                endpoint.streamPort = 0
                let any = try StatsdListener(
                    endpoint, intervalSeconds: 3600, seed: .random(in: 0 ... .max), handle: { _, _ in })
                endpoint.datagramPort = any.datagramPort
                endpoint.streamPort = any.datagramPort
                any.stop()
                return try start(endpoint)
            } catch {
                if attempt == Self.attemptsMax { throw error }
            }
        }
    }

    private var keptPort: UInt16? {
        let text = try? String(contentsOfFile: setting.portFile.string, encoding: .utf8)
        return text.flatMap { UInt16($0.filter(\.isNumber)) }
    }

    private func keepPort() {
        guard let port = listener.withLock({ $0?.datagramPort }), port != keptPort else { return }
        do {
            try Data("\(port)\n".utf8).write(to: URL(filePath: setting.portFile.string), options: .atomic)
        } catch {
            logger.warning("statsd's port was not kept", metadata: ["error": "\(error)"])
        }
    }

    /// Gathers in the intervals that the server wants.
    func gather(for interval: Interval) {
        gathering.withLock { $0 = interval }
        listener.withLock { $0 }?.setInterval(seconds: Self.seconds(interval))
    }

    private static func seconds(_ interval: Interval) -> Int64 { max(1, interval.milliseconds / 1000) }

    private func start(_ endpoint: StatsdEndpoint) throws(TelemetryProblem) {
        let started = try StatsdListener(
            endpoint, intervalSeconds: Self.seconds(gathering.withLock { $0 }),
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

    /// The number of the next snapshot. Each is one more than the one before, so that the server sees which of
    /// the last ones it does not have.
    private func nextNumber() -> UInt64 {
        lastNumber.withLock { last in
            last += 1
            return last
        }
    }

    /// Sends what statsd has gathered.
    private func send(_ tally: StatsdTally) {
        for line in tally.badLines {
            logger.notice("statsd line refused", metadata: ["line": "\(line.text): \(line.reason.rawValue)"])
        }
        let whole = StatsdSnapshot(tally, agent: setting.host.text, interval: 0)
        guard !whole.series.isEmpty || !whole.events.isEmpty || whole.counts.badLines + whole.counts.packetsDropped > 0
        else { return }
        var pieces = [whole]
        while let large = pieces.firstIndex(where: { $0.encoded().count > Self.snapshotBytesMax && $0.series.count > 1 }
        ),
            pieces.count < Self.piecesMax
        {
            let piece = pieces.remove(at: large)
            let middle = piece.series.count / 2
            var first = StatsdSnapshot(
                agent: piece.agent, interval: 0, counts: piece.counts, series: Array(piece.series[..<middle]))
            first.events = piece.events
            pieces.append(first)
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
