import Core
import FoundationEssentials
import Wire

/// Servers that the user has logged in to: `~/.config/apus/context.json`, readable by nobody else.
struct ContextFile: Codable, Hashable, Sendable {
    struct Entry: Codable, Hashable, Sendable {
        var url: String
        var token: String
        /// PEM of the authority that signs the server's certificate; nil: the system's.
        var authority: String?
    }

    /// The fabric that is meant when none is named.
    var current: FabricName?
    var fabrics: [FabricName: Entry] = [:]

    /// `APUS_CONTEXT`, or below `XDG_CONFIG_HOME` or the home folder; nil without any of them.
    static func path(_ environment: [String: String]) -> String? {
        if let path = environment["APUS_CONTEXT"], !path.isEmpty { return path }
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") { return "\(folder)/apus/context.json" }
        return environment["HOME"].map { "\($0)/.config/apus/context.json" }
    }

    /// - Returns: an empty one if there is none.
    /// - Throws: `context.invalid`, or that others can read it.
    static func read(_ environment: [String: String]) throws(Problem) -> ContextFile {
        guard let path = path(environment), let bytes = try PrivateFile.read(path) else { return ContextFile() }
        do {
            return try JSONDecoder().decode(ContextFile.self, from: Data(bytes))
        } catch {
            throw Problem(
                "context.invalid", "The servers that you have logged in to cannot be read.",
                cause: "\(path): \(error).",
                remedy: "Remove the file, and log in again: apus login URL.")
        }
    }

    func write(_ environment: [String: String]) throws(Problem) -> String {
        guard let path = Self.path(environment) else {
            throw Problem(
                "context.homeless", "The login cannot be kept.", cause: "HOME is not set.",
                remedy: "Set HOME, or APUS_CONTEXT to the path of a file.")
        }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        do {
            if !folder.isEmpty {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw Problem(
                "context.unwritable", "The login cannot be kept.", cause: "\(folder): \(error).",
                remedy: "Make the folder writable, or set APUS_CONTEXT to the path of a file.")
        }
        try PrivateFile.write(Array(try JSONText.document(self, isForPeople: true).utf8), to: path)
        return path
    }
}
