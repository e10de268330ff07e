import AsyncHTTPClient
import Core
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry

/// Asks targets for their metrics, as Prometheus does.
final class ScrapeService: Sendable {
    private static let tick = Duration.milliseconds(200)
    private static let bytesMax = 64 << 20
    /// Scrapes on their way at once.
    private static let runningMax = 64

    private let store: any PointSink
    private let targets: @Sendable (ScrapeSpec) async -> [ScrapeTarget]
    private let now: @Sendable () -> Instant
    private let logger: Logger

    init(
        store: any PointSink, targets: @escaping @Sendable (ScrapeSpec) async -> [ScrapeTarget],
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.store = store
        self.targets = targets
        self.now = now
        self.logger = logger
    }

    func run(_ policies: MetricsPolicies) async {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        var timetable = ScrapeTimetable()
        await withDiscardingTaskGroup { group in
            let count = Running()
            while !Task.isCancelled {
                for due in timetable.due(policies.current.scrapes, at: now()) {
                    let all = await targets(due.spec)
                    for target in timetable.spread(all, of: due) {
                        guard count.begin(max: Self.runningMax) else { continue }
                        group.addTask {
                            await self.scrape(target, of: due.spec, with: client)
                            count.end()
                        }
                    }
                }
                try? await Task.sleep(for: Self.tick)
            }
            group.cancelAll()
        }
        try? await client.shutdown()
    }

    private func scrape(_ target: ScrapeTarget, of spec: ScrapeSpec, with client: HTTPClient) async {
        let time = now().milliseconds / 1000
        let tags = target.tags.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
        let source = SourceName("scrape:\(spec.name):\(target.url)")
        let began = ContinuousClock.now
        var scrape: Scrape?
        do {
            var request = HTTPClientRequest(url: target.url)
            request.headers.add(name: "accept", value: Scrape.accept)
            request.headers.add(name: "user-agent", value: "apus")
            let timeout = min(spec.every.milliseconds, 10_000)
            let response = try await client.execute(request, timeout: .milliseconds(timeout))
            guard response.status == .ok else { throw Refused(status: response.status) }
            let isOpen = response.headers.first(name: "content-type")?.contains("openmetrics") ?? false
            let body = try await response.body.collect(upTo: Self.bytesMax)
            scrape = try Scrape(
                Array(body.readableBytesView), dialect: isOpen ? .openMetrics : .prometheus, tags: tags, time: time)
            _ = try scrape?.points.write(to: store, source: source)
        } catch {
            logger.notice(
                "a target did not tell its metrics",
                metadata: [
                    "scrape": "\(spec.name)", "target": "\(target.url)",
                    "cause": "\(quotedForMessage("\(error)", lengthMax: 200))",
                ])
        }
        let (seconds, attoseconds) = (ContinuousClock.now - began).components
        let health = Scrape.health(
            of: scrape, seconds: Double(seconds) + Double(attoseconds) / 1e18, tags: tags, time: time)
        // A disk that takes nothing is said by whoever syncs it.
        _ = try? health.write(to: store, source: SourceName("scrape:\(spec.name)"))
    }

    /// How many are on their way.
    private final class Running: Sendable {
        private let count = Mutex(0)

        func begin(max: Int) -> Bool {
            count.withLock { count in
                guard count < max else { return false }
                count += 1
                return true
            }
        }

        func end() { count.withLock { $0 -= 1 } }
    }

    private struct Refused: Error, CustomStringConvertible {
        var status: HTTPResponseStatus
        var description: String { "HTTP status \(status.code)" }
    }
}

/// When what is asked: each target once an interval, all of them spread over it.
struct ScrapeTimetable {
    struct Due {
        var spec: ScrapeSpec
        /// The slice of the interval that has begun: targets whose place is in it are asked.
        var slice: Range<Int>
    }

    /// Slices of an interval.
    private static let slices = 50
    private var last: [ScrapeName: Int64] = [:]

    /// The slices that have begun since the last call, of each scrape.
    mutating func due(_ specs: [ScrapeSpec], at now: Instant) -> [Due] {
        var due: [Due] = []
        for spec in specs {
            let width = max(1, spec.every.milliseconds / Int64(Self.slices))
            let slice = now.milliseconds / width
            defer { last[spec.name] = slice }
            // After a pause, and when the clock was set, a whole interval at most.
            guard let before = last[spec.name], slice > before else { continue }
            let count = min(slice - before, Int64(Self.slices))
            due.append(Due(spec: spec, slice: Int(slice - count + 1)..<Int(slice + 1)))
        }
        last = last.filter { name, _ in specs.contains { $0.name == name } }
        return due
    }

    /// The targets whose turn it is: each has a place in the interval by its address.
    func spread(_ targets: [ScrapeTarget], of due: Due) -> [ScrapeTarget] {
        let slices = Set(due.slice.map { $0 % Self.slices })
        return targets.filter { target in
            let hash = target.url.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01b3
            }
            return slices.contains(Int(hash % UInt64(Self.slices)))
        }
    }
}
