import Core
import FoundationEssentials
import Subprocess
import SystemPackage

/// Runs git: always by its arguments, never through a shell, and so that nothing in a repository
/// or its own configuration can make git start another program or ask a question.
struct GitCommand: Sendable {
    /// Transports that a fetch may use, whatever a redirect or a submodule says.
    private static let protocols = "file:git:https:ssh"
    private static let guards = [
        "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never",
        "-c", "safe.directory=*", "-c", "core.quotePath=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
        "-c", "fetch.recurseSubmodules=false", "-c", "submodule.recurse=false", "-c", "log.showSignature=false",
        "-c", "advice.detachedHead=false", "-c", "init.defaultBranch=main",
    ]
    /// What a hook or another git around us may have set.
    private static let scrubbed = Environment.inherit.updating([
        "GIT_DIR": nil, "GIT_WORK_TREE": nil, "GIT_INDEX_FILE": nil, "GIT_OBJECT_DIRECTORY": nil, "GIT_COMMON_DIR": nil,
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": nil, "GIT_NAMESPACE": nil, "GIT_PREFIX": nil, "GIT_CONFIG": nil,
        "GIT_CONFIG_PARAMETERS": nil, "GIT_CONFIG_COUNT": nil, "GIT_EXTERNAL_DIFF": nil, "GIT_PAGER": "cat",
        "GIT_TRACE": nil, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1", "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
        "GIT_HTTP_LOW_SPEED_TIME": "30", "LC_ALL": "C", "LANGUAGE": "C",
    ])
    /// Without a terminal ssh must fail instead of asking for a password or about an unknown host.
    private static let secureShell = "ssh -oBatchMode=yes -oConnectTimeout=15"

    struct Result {
        var status: TerminationStatus
        var output: [UInt8]
        var error: String

        var isSuccess: Bool { status.isSuccess }
        var text: String { String(decoding: output, as: UTF8.self) }
        var line: String { String(text.prefix { !$0.isNewline }) }
    }

    /// The repository's own folder; nil: none is needed.
    var directory: String?
    /// Whether git may talk to another repository. Without it not even a partial clone can
    /// fetch what it lacks, by a command that its own configuration names.
    var isFetching = false

    /// Collects the output, up to `outputMax` bytes.
    func callAsFunction(
        _ arguments: [String], input: [UInt8] = [], outputMax: Int = 1 << 20, timeout: Duration = .seconds(120)
    ) async throws(Problem) -> Result {
        try await limited(to: timeout, arguments) {
            let record = try await Subprocess.run(
                .name("git"), arguments: Arguments(Self.guards + location + arguments), environment: environment,
                workingDirectory: "/", input: .array(input), output: .bytes(limit: outputMax),
                error: .string(limit: 1 << 20))
            return Result(
                status: record.terminationStatus, output: record.standardOutput, error: record.standardError)
        }
    }

    /// Writes the output into an open file.
    func write(
        _ arguments: [String], to descriptor: FileDescriptor, timeout: Duration = .seconds(600)
    ) async throws(Problem) -> Result {
        try await limited(to: timeout, arguments) {
            let record = try await Subprocess.run(
                .name("git"), arguments: Arguments(Self.guards + location + arguments), environment: environment,
                workingDirectory: "/", output: .fileDescriptor(descriptor, closeAfterSpawningProcess: false),
                error: .string(limit: 1 << 20))
            return Result(status: record.terminationStatus, output: [], error: record.standardError)
        }
    }

    private var location: [String] { directory.map { ["--git-dir=\($0)"] } ?? [] }

    private var environment: Environment {
        Self.scrubbed.updating([
            "GIT_ALLOW_PROTOCOL": isFetching ? Self.protocols : "none",
            "GIT_SSH_COMMAND": ProcessInfo.processInfo.environment["GIT_SSH_COMMAND"] ?? Self.secureShell,
        ])
    }

    /// A cancelled process is ended by its task group, so a hanging fetch ends with its time.
    private func limited(
        to timeout: Duration, _ arguments: [String], _ run: @Sendable @escaping () async throws -> Result
    ) async throws(Problem) -> Result {
        do {
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await run() }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let result = first else {
                    throw Problem(
                        "git.timeout", "git took too long.", cause: "`git \(arguments[0])` ran for \(timeout).",
                        remedy: "Look whether the repository's server answers.")
                }
                return result
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Self.problem(error, arguments)
        }
    }

    private static func problem(_ error: any Error, _ arguments: [String]) -> Problem {
        switch (error as? SubprocessError)?.code {
        case .executableNotFound?:
            Problem(
                "git.missing", "git cannot be run.", cause: "There is no `git` on the PATH.", remedy: "Install git.")
        case .outputLimitExceeded?:
            Problem(
                "git.output-size", "The repository holds too much here.",
                cause: "`git \(arguments[0])` printed more than is read.",
                remedy: "Look for a folder with very many or very large files.")
        default:
            Problem(
                "git.failed", "git could not be run.", cause: "`git \(arguments[0])`: \(error).",
                remedy: "Look at the cause; `apus doctor` checks git.")
        }
    }
}
