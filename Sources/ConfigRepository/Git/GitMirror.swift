import Core
import FoundationEssentials
import Glibc
import SystemPackage

/// Keeps a bare copy of a remote repository up to date. A lock file holds off other tasks and
/// other processes, since two fetches into one repository fail each other.
struct GitMirror {
    /// Where the remote's HEAD is kept: a bare repository's own HEAD is a branch's name only.
    static let headReference = "refs/apus/head"

    let url: String
    /// The URL for people, without a password.
    let shown: String
    let directory: String

    func update(timeout: Duration) async throws(Problem) {
        let lock = try await acquireLock(timeout: timeout)
        defer { try? lock.close() }
        try await prepare()
        let branches = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        let first = try await fetch(branches + ["+HEAD:\(Self.headReference)"], timeout: timeout)
        if first.isSuccess { return }
        // A remote whose HEAD names a branch that is not there has everything else all the same.
        guard first.error.contains("couldn't find remote ref HEAD") else { throw failed(first) }
        let second = try await fetch(branches, timeout: timeout)
        guard second.isSuccess else { throw failed(second) }
    }

    private func fetch(_ references: [String], timeout: Duration) async throws(Problem) -> GitCommand.Result {
        try await GitCommand(directory: directory, isFetching: true)(
            ["fetch", "--quiet", "--prune", "--no-tags", "--force", "--no-write-fetch-head", "--end-of-options", url]
                + references,
            timeout: timeout)
    }

    private func prepare() async throws(Problem) {
        if !FileManager.default.fileExists(atPath: "\(directory)/objects") {
            let result = try await GitCommand()(["init", "--quiet", "--bare", "--template=", "--", directory])
            guard result.isSuccess else { throw failed(result) }
        }
        let owner = try await GitCommand(directory: directory)(["config", "--local", "--get", "apus.url"])
        if owner.line.isEmpty {
            let remembered = try await GitCommand(directory: directory)(["config", "apus.url", url])
            guard remembered.isSuccess else { throw failed(remembered) }
        } else if owner.line != url {
            throw Problem(
                "git.mirror-taken", "The repository cannot be fetched.",
                cause: "\(directory) is the mirror of another URL.", remedy: "Remove this folder; it is fetched again.")
        }
    }

    private func acquireLock(timeout: Duration) async throws(Problem) -> FileDescriptor {
        let path = "\(directory).lock"
        do {
            let parent = String(FilePath(directory).removingLastComponent().string)
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            let descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .noFollow], permissions: [.ownerReadWrite])
            let deadline = ContinuousClock.now + timeout
            while flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
                guard ContinuousClock.now < deadline else {
                    try descriptor.close()
                    throw Problem(
                        "git.timeout", "The repository cannot be fetched.", cause: "Another fetch holds \(path).",
                        remedy: "Wait for it, or end it.")
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            return descriptor
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(
                "git.mirror-unwritable", "The repository cannot be fetched.", cause: "\(path): \(error).",
                remedy: "Make the folder writable.")
        }
    }

    private func failed(_ result: GitCommand.Result) -> Problem {
        // git repeats the URL, and with it a password that it may carry.
        let words = result.error.split(whereSeparator: \.isNewline).map { line in
            line.split(separator: " ").map { $0.contains("://") ? "(URL)" : String($0) }.joined(separator: " ")
        }.joined(separator: " ")
        return Problem(
            "git.fetch-failed", "The repository cannot be fetched.",
            cause: "\(shown): \(quotedForMessage(words, lengthMax: 300)).",
            remedy: "Look whether it is there and whether this machine may read it: git ls-remote \(shown)")
    }
}
