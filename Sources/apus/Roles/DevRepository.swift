import ConfigRepository
import Core
import FoundationEssentials
import Subprocess
import SystemPackage

/// The git repository that `apus dev` runs from.
struct DevRepository {
    let source: FilePath
    let state: FilePath

    /// The source itself when it is a git repository's top folder, otherwise a copy of it that is
    /// one. A copy of an earlier run is brought up to date, by a commit.
    func prepare() async throws -> FilePath {
        if FileManager.default.fileExists(atPath: source.appending(".git").string) { return source }
        guard FileManager.default.fileExists(atPath: source.string) else {
            throw Problem(
                "dev.source", "There is nothing to run.", cause: "\(source) is not there.",
                remedy: "Give the folder of a configuration repository; `apus init FOLDER` writes one.")
        }
        let copy = state.appending("repository")
        if !FileManager.default.fileExists(atPath: copy.string) {
            try FileManager.default.copyItem(atPath: source.string, toPath: copy.string)
            try await git(["init", "--quiet", "--initial-branch=main"], in: copy)
        }
        try await git(["add", "--all"], in: copy)
        if try await !isClean(copy) { try await git(["commit", "--quiet", "--message", "Begin"], in: copy) }
        return copy
    }

    private func isClean(_ folder: FilePath) async throws -> Bool {
        let result = try await Subprocess.run(
            .name("git"), arguments: ["-C", folder.string, "diff", "--cached", "--quiet"], output: .discarded,
            error: .discarded)
        return result.terminationStatus.isSuccess
    }

    private func git(_ arguments: [String], in folder: FilePath) async throws {
        let author = ["-c", "user.name=apus dev", "-c", "user.email=dev@localhost", "-c", "safe.directory=*"]
        let result = try await Subprocess.run(
            .name("git"), arguments: Arguments(["-C", folder.string] + author + arguments), output: .discarded,
            error: .string(limit: 4096))
        guard result.terminationStatus.isSuccess else {
            throw Problem(
                "dev.repository", "The repository cannot be made.", cause: result.standardError,
                remedy: "Make the folder a git repository yourself: git init, git add, git commit.")
        }
    }
}
