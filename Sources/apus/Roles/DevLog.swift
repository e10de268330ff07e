import Core
import FoundationEssentials
import Logging
import Logs
import SystemPackage

/// Logs of a fleet on a laptop: a file for each process, so that the terminal stays readable.
enum DevLog {
    static func open(_ name: String, folder: FilePath) throws(Problem) -> FileDescriptor {
        let logs = folder.appending("logs")
        do {
            try FileManager.default.createDirectory(atPath: logs.string, withIntermediateDirectories: true)
            return try FileDescriptor.open(
                logs.appending(name + ".log"), .writeOnly, options: [.create, .append, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        } catch {
            throw Problem(
                "dev.logs", "The log cannot be written.", cause: "\(logs)/\(name).log: \(error)",
                remedy: "Check the folder's owner, and its disk's space.")
        }
    }

    static func logger(_ name: String, folder: FilePath, lines: OwnLines) throws(Problem) -> Logger {
        let output = try open(name, folder: folder)
        return Logger(label: name) { LineLog(label: $0, output: output, lines: lines) }
    }
}
