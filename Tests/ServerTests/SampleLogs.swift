import ControlPlane
import Core
import FoundationEssentials
import Logging
import Packages
import SystemPackage

/// A server's logs in a folder of their own, at `SampleFabric.now` unless told otherwise.
final class SampleLogs: Sendable {
    let service: LogsService
    let raw: RawLogs
    private let folder: String

    /// - Parameter syslog: where they listen when they are run.
    init(
        syslog: SyslogSetting? = nil, now: @escaping @Sendable () -> Instant = { SampleFabric.now }
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-logs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let raw = try RawLogs(
            RawLogs.Setting(
                objects: try FolderObjectStore(root: FilePath(folder).appending("objects")),
                folder: FilePath(folder).appending("raw")), logger: Logger(label: "test"))
        self.raw = raw
        service = try LogsService(
            FilePath(folder), archive: nil, raw: raw, syslog: syslog, configuration: nil,
            sources: .init(configuration: { nil }, announce: {}), secrets: WebhookSecrets(folder: FilePath(folder)),
            now: now,
            logger: Logger(label: "test"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
