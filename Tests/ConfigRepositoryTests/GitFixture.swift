import ConfigRepository
import Core
import FoundationEssentials
import Subprocess
import SystemPackage

/// A repository in a temporary folder, removed after the test.
struct GitFixture {
    let root: String
    let work: String

    static func with(_ body: (GitFixture) async throws -> Void) async throws {
        let root = FileManager.default.temporaryDirectory.path + "/apus-config-\(UInt64.random(in: 0 ... .max))"
        let fixture = GitFixture(root: root, work: root + "/work")
        try FileManager.default.createDirectory(atPath: fixture.work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await fixture.git("init", "--quiet", "--initial-branch=main")
        try await body(fixture)
    }

    func write(_ text: String, to path: String) throws {
        let full = URL(filePath: "\(work)/\(path)")
        try FileManager.default.createDirectory(at: full.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: full, atomically: false, encoding: .utf8)
    }

    func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(work)/\(path)", withDestinationPath: target)
    }

    @discardableResult
    func commit(_ files: [String: String] = [:], _ message: String = "change") async throws -> String {
        for (path, text) in files { try write(text, to: path) }
        try await git("add", "--all")
        try await git("commit", "--quiet", "--allow-empty", "-m", message)
        return try await git("rev-parse", "HEAD")
    }

    /// Git as a person would run it, without what this machine's configuration adds.
    @discardableResult
    func git(_ arguments: String..., input: String = "") async throws -> String {
        let result = try await run(
            .name("git"),
            arguments: Arguments(
                [
                    "-C", work, "-c", "protocol.file.allow=always",
                ] + arguments),
            environment: .inherit.updating([
                "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_DIR": nil,
                "GIT_WORK_TREE": nil,
                "GIT_INDEX_FILE": nil, "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com",
                "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.com",
            ]),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Problem("test.git", "git failed.", cause: result.standardError, remedy: "Look at the cause.")
        }
        return String(result.standardOutput.reversed().drop { $0 == "\n" }.reversed())
    }

    func repository() throws -> GitRepository { try GitRepository(path: FilePath(work)) }

    func text(_ path: String) -> String? { try? String(contentsOf: URL(filePath: path), encoding: .utf8) }
}
