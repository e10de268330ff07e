import Core
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A program that a build runs: by its arguments, never through a shell, with nothing to read,
/// in a process group that ends with it.
struct BuildProgram: Sendable {
    enum Program: Sendable {
        /// Looked up in the environment's PATH.
        case name(String)
        case path(FilePath)
    }

    private enum Ending: Sendable {
        case exited(TerminationStatus)
        case failed(Problem)
        case timedOut
        case cancelled
    }

    /// For messages: `pip install`.
    let label: String
    let program: Program
    let arguments: [String]
    let environment: [String: String]
    let folder: FilePath
    let limits: BuildLimits
    let log: @Sendable (String) -> Void

    /// - Throws: `build.tool-missing`, `build.failed` with the last lines, `build.timeout`,
    ///   `build.cancelled`.
    func run() async throws(Problem) {
        let output = SharedOutput(BuildOutput(bytesMax: limits.outputBytesMax))
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask { await execute(output) }
            group.addTask {
                do {
                    try await Task.sleep(for: .milliseconds(limits.timeout.milliseconds))
                    return .timedOut
                } catch {
                    return .cancelled
                }
            }
            let first = await group.next() ?? .cancelled
            group.cancelAll()
            return Task.isCancelled ? .cancelled : first
        }
        switch ending {
        case .exited(let status):
            if !status.isSuccess { throw failed(status, tail: output.tail) }
        case .failed(let problem): throw problem
        case .timedOut:
            throw Problem(
                "build.timeout", "The build was stopped.",
                cause: "\(label) took longer than \(limits.timeout). \(output.tail)",
                remedy: "See what it waits for; nobody can answer its questions.")
        case .cancelled:
            throw Problem(
                "build.cancelled", "The build was stopped.", cause: "It was cancelled during \(label).",
                remedy: "Start it again.")
        }
    }

    private func execute(_ output: SharedOutput) async -> Ending {
        var options = PlatformOptions()
        options.processGroupID = 0
        let group = Mutex<pid_t?>(nil)
        // Also what the program has left running in its group ends here.
        defer { if let leader = group.withLock({ $0 }) { kill(-leader, SIGKILL) } }
        do {
            let keys = environment.map { (Environment.Key(rawValue: $0.key), $0.value) }
            let result = try await Subprocess.run(
                executable, arguments: Arguments(arguments),
                environment: .custom(
                    Dictionary(uniqueKeysWithValues: keys.compactMap { key, value in key.map { ($0, value) } })),
                workingDirectory: folder, platformOptions: options, input: .none, output: .sequence,
                error: .combinedWithOutput
            ) { execution in
                group.withLock { $0 = execution.processIdentifier.value }
                try await withTaskCancellationHandler {
                    for try await chunk in execution.standardOutput {
                        for line in chunk.withUnsafeBytes({ output.receive($0) }) { log(line) }
                    }
                } onCancel: {
                    try? execution.send(signal: .kill, toProcessGroup: true)
                }
            }
            if let line = output.finish() { log(line) }
            return .exited(result.terminationStatus)
        } catch let error as SubprocessError {
            return error.code == .executableNotFound ? .failed(missing) : .failed(unstartable(error))
        } catch {
            return .failed(unstartable(error))
        }
    }

    private var executable: Executable {
        switch program {
        case .name(let name): .name(name)
        case .path(let path): .path(path)
        }
    }

    private var missing: Problem {
        Problem(
            "build.tool-missing", "The build cannot be run.",
            cause: "\(label) needs a program that is not on this machine: \(executable).",
            remedy: "Install it on the machine that builds, and see that it is in the PATH of `apus server`.")
    }

    private func unstartable(_ error: any Error) -> Problem {
        Problem(
            "build.failed", "The build failed.", cause: "\(label) could not be run: \(error)",
            remedy: "See that the program is executable, and that its first line names an interpreter that is there.")
    }

    private func failed(_ status: TerminationStatus, tail: String) -> Problem {
        let how =
            switch status {
            case .exited(let code): "ended with status \(code)"
            case .signaled(let signal): "was ended by signal \(signal)"
            }
        return Problem(
            "build.failed", "The build failed.", cause: "\(label) \(how). \(tail)",
            remedy: "Read the build's log, correct the source, and build again.")
    }
}

/// The output of a program, written by the task that reads it and read by the one that reports.
private final class SharedOutput: Sendable {
    private let output: Mutex<BuildOutput>

    init(_ output: BuildOutput) { self.output = Mutex(output) }

    func receive(_ chunk: UnsafeRawBufferPointer) -> [String] { output.withLock { $0.receive(chunk) } }
    func finish() -> String? { output.withLock { $0.finish() } }

    var tail: String {
        let lines = output.withLock { $0.tail }
        return lines.isEmpty ? "It said nothing." : "It said last:\n" + lines.joined(separator: "\n")
    }
}
