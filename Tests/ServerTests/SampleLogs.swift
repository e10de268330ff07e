import ControlPlane
import Core
import FoundationEssentials
import Logging
import SystemPackage

/// A server's logs in a folder of their own, at `SampleFabric.now`.
final class SampleLogs: Sendable {
    let service: LogsService
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "apus-logs-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        service = try LogsService(
            FilePath(folder), archive: nil, configuration: nil,
            sources: .init(configuration: { nil }, announce: {}),
            secrets: WebhookSecrets(folder: FilePath(folder)), now: { SampleFabric.now },
            logger: Logger(label: "test"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }
}
