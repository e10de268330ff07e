import ControlPlane
import Core
import FoundationEssentials
import Logging
import ServiceLifecycle
import SystemPackage
import Telemetry
import Wire

/// A server's metrics in a folder of their own, with a few series of the hour before `SampleFabric.now`.
final class SampleMetrics: Sendable {
    let service: MetricsService
    let audit: AuditLog
    private let folder: String

    /// - Parameters:
    ///   - secrets: what is in the folder of secrets, by name.
    ///   - now: the server's clock.
    init(
        policy: MetricsPolicy = MetricsPolicy(), secrets: [String: String] = [:],
        now: @escaping @Sendable () -> Instant = { SampleFabric.now }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-metrics-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try PrivateFolder.make("\(folder)/secrets", secrets)
        let database = try StateDatabase(path: "\(folder)/state.db")
        let state = try SQLiteStateStore(database: database, now: now)
        let audit = try AuditLog(database: database, now: now)
        self.audit = audit
        service = try MetricsService(
            .init(
                folder: FilePath(folder).appending("series"), statsd: nil, carbon: nil,
                secrets: WebhookSecrets(folder: FilePath(folder).appending("secrets"))),
            policy: policy, state: state, audit: audit,
            sources: MetricsSources(
                executions: .init(
                    latest: { _ in [] },
                    one: { id throws(Problem) in
                        throw Problem("execution.unknown", "None.", cause: "\(id)", remedy: "None.")
                    }), own: { OwnFigures([]) }, targets: { _ in [] }, policy: { nil }),
            now: now, logger: Logger(label: "test"))
    }

    /// Runs what a server's metrics do by themselves, for as long as `body` takes.
    func running<Result: Sendable>(_ body: @Sendable (MetricsService) async throws -> Result) async throws -> Result {
        let group = ServiceGroup(services: [service], logger: Logger(label: "test"))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let result: Swift.Result<Result, any Error>
            do { result = .success(try await body(service)) } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
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

/// A folder of files that only their owner reads.
enum PrivateFolder {
    static func make(_ path: String, _ files: [String: String]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, text) in files { try PrivateFile.write(Data(text.utf8), to: "\(path)/\(name)") }
    }
}
