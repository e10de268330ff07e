package import Core
import NIOPosix
import SystemPackage
import Telemetry
package import Wire

/// What people do to what is kept: take series out, and copy all of it.
extension MetricsService {
    /// Names that a deletion shows.
    private static let examplesMax = 20

    package func delete(_ request: SeriesDeletionRequest, by principal: Principal) async throws(Problem)
        -> SeriesDeletionView
    {
        let store = store
        let pattern = try told { () throws(TelemetryProblem) in try SeriesPattern(request.pattern) }
        let names = try await told { () async throws(TelemetryProblem) in try await store.names(matching: pattern) }
        var view = SeriesDeletionView(count: names.count, examples: names.prefix(Self.examplesMax).map(\.text))
        guard !request.isTrial, !names.isEmpty else { return view }
        if let expected = request.countMax, names.count > expected {
            throw Problem(
                "metrics.delete-more", "Nothing was deleted.",
                cause: "\(names.count) series match, and at most \(expected) were expected.",
                remedy: "Look at what `apus metrics find` says, and ask again.")
        }
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "metrics.delete",
            subject: "metrics/\(quotedForMessage(request.pattern))", details: "\(names.count) series")
        view.count = try await audit.recording(action) { () async throws(Problem) in
            try await Self.onDisk { () throws(TelemetryProblem) in try store.delete(names) }
        }
        return view
    }

    package func backUp(_ name: BackupName, by principal: Principal) async throws(Problem) -> SeriesBackupView {
        let folder = setting.folder.removingLastComponent().appending("series-backups").appending(name.text)
        let store = store
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "metrics.backup", subject: "metrics/\(name)",
            details: folder.string)
        return try await audit.recording(action) { () async throws(Problem) in
            try await Self.onDisk { () throws(TelemetryProblem) in try store.backup(to: folder) }
            let statistics = store.statistics
            return SeriesBackupView(
                folder: folder.string, series: statistics.series, bytes: statistics.blockBytes + statistics.logBytes)
        }
    }

    /// On a thread that may wait for a disk.
    private static func onDisk<Value: Sendable>(
        _ body: @escaping @Sendable () throws(TelemetryProblem) -> Value
    ) async throws(Problem) -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive { try body() }
        } catch let problem as TelemetryProblem {
            throw Problem(problem)
        } catch {
            throw Problem(
                "metrics.not-done", "The series were left as they are.", cause: "\(error).",
                remedy: "Ask again: the server is ending.")
        }
    }
}
