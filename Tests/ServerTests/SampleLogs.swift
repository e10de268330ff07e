import ControlPlane
import Core
import FoundationEssentials
import Logging
import SystemPackage

/// A server's logs in a folder of their own, at `SampleFabric.now` unless told otherwise.
final class SampleLogs: Sendable {
    let service: LogsService
    private let folder: String

    /// - Parameter syslog: where they listen when they are run.
    init(
        syslog: SyslogSetting? = nil, now: @escaping @Sendable () -> Instant = { SampleFabric.now }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-logs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        service = try LogsService(
            FilePath(folder), archive: nil, syslog: syslog, configuration: nil,
            sources: .init(configuration: { nil }, announce: {}), secrets: WebhookSecrets(folder: FilePath(folder)),
            now: now,
            logger: Logger(label: "test"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
