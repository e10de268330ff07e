import ControlPlane
import Core
import FoundationEssentials
import Logging
import SystemPackage
import Telemetry
import Wire

/// A server's metrics in a folder of their own, with a few series of the hour before `SampleFabric.now`.
final class SampleMetrics: Sendable {
    let service: MetricsService
    let audit: AuditLog
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-metrics-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let now: @Sendable () -> Instant = { SampleFabric.now }
        let database = try StateDatabase(path: "\(folder)/state.db")
        let state = try SQLiteStateStore(database: database, now: now)
        let audit = try AuditLog(database: database, now: now)
        self.audit = audit
        service = try MetricsService(
            .init(folder: FilePath(folder).appending("series"), statsd: nil, carbon: nil), policy: MetricsPolicy(),
            state: state, audit: audit,
            sources: MetricsSources(
                executions: .init(
                    latest: { _ in [] },
                    one: { id throws(Problem) in
                        throw Problem("execution.unknown", "None.", cause: "\(id)", remedy: "None.")
                    }), own: { OwnFigures([]) }, targets: { _ in [] }, policy: { nil }),
            now: now, logger: Logger(label: "test"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// `hosts.web-1.load.1` is 1, 2, 3 … every ten seconds, `hosts.web-2.load.1` twice that.
    func fill(points count: Int = 360) async throws {
        let end = SampleFabric.now.milliseconds / 1000
        let points = (0..<count).flatMap { index -> [NamedPoint] in
            let time = end - Int64(count - index) * 10
            return [
                NamedPoint(name: "hosts.web-1.load.1", time: time, value: Double(index + 1)),
                NamedPoint(name: "hosts.web-2.load.1", time: time, value: Double(2 * index + 2)),
                NamedPoint(name: "disk.used;device=sda;host=web-1", time: time, value: 0.5),
            ]
        }
        _ = try await service.take(points, from: SourceName("test"))
    }
}
