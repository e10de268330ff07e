import Core
import Glibc
import Subprocess
import SystemPackage

/// HAProxy's executable and what it is started for.
struct HAProxyExecutable: Sendable {
    private static let outputBytesMax = 64 << 10

    let path: FilePath
    let folder: BalancerFolder

    private var processID: FilePath { folder.run.appending("haproxy.pid") }

    /// - Throws: `balancer.configuration-refused` with what HAProxy says about the file.
    func check(_ file: FilePath) async throws(Problem) {
        let (isSuccess, output) = try await run(["-c", "-q", "-f", file.lastComponent?.string ?? ""])
        if !isSuccess {
            throw Problem(
                "balancer.configuration-refused", "HAProxy refuses the configuration; the one before still serves.",
                cause: output, remedy: "Look at the certificates first: everything else in the file is generated.")
        }
    }

    /// Starts HAProxy as a daemon of its own session: it outlives the agent.
    func start() async throws(Problem) -> ProcessIdentity {
        unlink(processID.string)
        let (isSuccess, output) = try await run(
            [
                "-W", "-D", "-p", "run/haproxy.pid", "-S", "unix@run/master.sock,level,admin,mode,600", "-f",
                "haproxy.cfg",
            ], withLines: true)
        if isSuccess, let identity = await folder.daemon(writing: processID) { return identity }
        throw Problem(
            "balancer.start-failed", "HAProxy did not start.", cause: output,
            remedy: "Free the port or address that it names.")
    }

    private func run(
        _ arguments: [String], withLines: Bool = false
    ) async throws(Problem) -> (isSuccess: Bool, output: String) {
        let command = withLines ? folder.command(path, arguments) : (program: path, arguments: arguments)
        do {
            let result = try await Subprocess.run(
                .path(command.program), arguments: Arguments(command.arguments), workingDirectory: folder.path,
                output: .discarded, error: .string(limit: Self.outputBytesMax))
            return (result.terminationStatus.isSuccess, Self.explanation(result.standardError))
        } catch {
            throw Problem(
                "balancer.haproxy-missing", "HAProxy could not be run.", cause: "\(path): \(error)",
                remedy: "Install it: apt-get install haproxy.")
        }
    }

    /// The lines that say what is wrong, without process numbers.
    private static func explanation(_ output: String) -> String {
        let alerts = output.split(separator: "\n").filter { $0.hasPrefix("[ALERT]") }
        let lines = alerts.isEmpty ? output.split(separator: "\n").suffix(3) : alerts.prefix(3)
        return lines.map { String($0.split(separator: ")", maxSplits: 1).last ?? $0).trimmingPrefix(" : ") }
            .map(String.init).joined(separator: " ")
    }
}
