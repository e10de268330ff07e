import Core
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// A process named so that another one with its number later is not taken for it.
struct ProcessIdentity: Codable, Hashable, Sendable {
    var processID: Int32
    /// Clock ticks since the machine's start: field 22 of `/proc/PID/stat`, see proc(5).
    var startTicks: UInt64

    init?(of processID: Int32) {
        guard let stat = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return nil }
        // The name, in parentheses, may hold anything; what follows its end does not.
        let rest = String(decoding: stat, as: UTF8.self).split(separator: ")").last ?? ""
        let fields = rest.split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X", let ticks = UInt64(fields[19]) else { return nil }
        self.processID = processID
        startTicks = ticks
    }

    var isAlive: Bool { ProcessIdentity(of: processID) == self }
}

/// HAProxy's executable and what it is started for.
struct HAProxyExecutable: Sendable {
    private static let outputBytesMax = 64 << 10

    let path: FilePath
    let folder: BalancerFolder

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
        unlink(folder.processID.string)
        let (isSuccess, output) = try await run([
            "-W", "-D", "-p", "run/haproxy.pid", "-S", "unix@run/master.sock,level,admin,mode,600", "-f", "haproxy.cfg",
        ])
        // The daemon writes its number after the process that started it has ended.
        let clock = ContinuousClock()
        let end = clock.now + .seconds(5)
        while isSuccess, clock.now < end {
            if let identity = writtenIdentity() { return identity }
            try? await Task.sleep(for: .milliseconds(2), clock: clock)
        }
        throw Problem(
            "balancer.start-failed", "HAProxy did not start.", cause: output,
            remedy: "Free the port or address that it names.")
    }

    private func writtenIdentity() -> ProcessIdentity? {
        guard let text = folder.text(folder.processID), text.hasSuffix("\n") else { return nil }
        return text.split(separator: "\n").first.flatMap { Int32($0) }.flatMap { ProcessIdentity(of: $0) }
    }

    /// Ends HAProxy, by force when it takes longer than five seconds.
    func end(_ identity: ProcessIdentity) async {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(5)
        guard identity.isAlive else { return }
        kill(identity.processID, SIGTERM)
        while identity.isAlive && clock.now < end { try? await Task.sleep(for: .milliseconds(10)) }
        if identity.isAlive { kill(identity.processID, SIGKILL) }
        while identity.isAlive && clock.now < end + .seconds(1) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private func run(_ arguments: [String]) async throws(Problem) -> (isSuccess: Bool, output: String) {
        do {
            let result = try await Subprocess.run(
                .path(path), arguments: Arguments(arguments), workingDirectory: folder.path, output: .discarded,
                error: .string(limit: Self.outputBytesMax))
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
