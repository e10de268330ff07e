import ConfigRepository
import Core
import Crypto
import FoundationEssentials
import SystemPackage

/// An app's source at a commit.
struct ResolvedSource: Sendable {
    var repository: GitRepository
    var commit: String
    /// The folder in the repository; empty for all of it.
    var path: String
    /// Equal for equal contents: a commit, or a folder's tree.
    var identity: String
}

/// What an app's release is made from, to tell whether another commit asks for another release.
/// How many instances there are, and where, makes no release.
struct AppInputs: Codable, Hashable, Sendable {
    var source: SourceSpec
    var sourceIdentity: String
    /// SHA-256 of recipe, processes, templates and environment.
    var rest: Core.Digest

    init(_ app: AppSpec, sourceIdentity: String) throws(Problem) {
        struct Rest: Encodable {
            var build: BuildRecipe
            var processes: [ProcessName: ProcessSpec]
            var config: [String: String]
            var environment: [String: String]
        }
        let processes = app.processes.mapValues { process in
            var process = process
            process.instances = 0
            process.placement = HostSelector()
            return process
        }
        let rest = Rest(build: app.build, processes: processes, config: app.config, environment: app.environment)
        source = app.source
        self.sourceIdentity = sourceIdentity
        self.rest = Core.Digest(bytes: SHA256.hash(data: try StateJSON.encode(rest)))
    }
}

/// Finds the sources of apps.
struct AppSources: Sendable {
    let configuration: GitRepository
    let mirrors: FilePath

    /// - Parameter ref: a branch, tag or commit in place of what git says.
    func resolve(_ app: AppSpec, configCommit: String, ref: String?) async throws(Problem) -> ResolvedSource {
        switch app.source {
        case .folder(let path):
            let commit =
                if let ref { try await configuration.resolve(try GitReference(ref)) } else { configCommit }
            guard let tree = try await configuration.treeID(commit: commit, path: path) else {
                throw Problem(
                    "source.missing", "The source of \(app.name) is not there.",
                    cause:
                        "The configuration repository has no folder \(quotedForMessage(path)) at \(commit.prefix(12)).",
                    remedy: "Correct `source.path`, or commit the folder.")
            }
            return ResolvedSource(repository: configuration, commit: commit, path: path, identity: tree)
        case .git(let url, let declared):
            let repository = try GitRepository(try GitLocation(url), cache: mirrors)
            try await repository.fetch()
            let commit = try await repository.resolve(try GitReference(ref ?? declared))
            return ResolvedSource(repository: repository, commit: commit, path: "", identity: commit)
        }
    }
}
