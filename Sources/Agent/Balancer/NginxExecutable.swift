import Core
import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// nginx's executable and what it is started for.
struct NginxExecutable: Sendable {
    private static let outputBytesMax = 64 << 10
    static let modules: FilePath = "/usr/lib/nginx/modules/ngx_http_lua_module.so"

    let path: FilePath
    let folder: BalancerFolder

    private var processID: FilePath { folder.run.appending("nginx.pid") }

    /// - Throws: `balancer.configuration-refused` with what nginx says about the file.
    func check(_ file: FilePath) async throws(Problem) {
        guard access(Self.modules.string, R_OK) == 0 else {
            throw Self.missing("nginx's Lua module is not installed: there is no \(Self.modules).")
        }
        let (isSuccess, output) = try await run(["-t", "-q", "-c", file.string])
        if !isSuccess {
            throw Problem(
                "balancer.configuration-refused", "nginx refuses the configuration; the one before still serves.",
                cause: output, remedy: "Look at the certificates first: everything else in the file is generated.")
        }
    }

    /// Starts nginx as a daemon of its own session: it outlives the agent.
    func start() async throws(Problem) -> ProcessIdentity {
        unlink(processID.string)
        // A master that was killed leaves its socket, and nginx does not listen on one that is there.
        unlink(folder.run.appending("control.sock").string)
        let (isSuccess, output) = try await run(["-c", folder.configuration.string], withLines: true)
        if isSuccess, let identity = await folder.daemon(writing: processID) { return identity }
        throw Problem(
            "balancer.start-failed", "nginx did not start.", cause: output,
            remedy: "Free the port or address that it names.")
    }

    /// The last lines of what nginx has written about itself.
    func lastErrors() -> String {
        let text = folder.text(folder.run.appending("error.log")) ?? ""
        return text.split(separator: "\n").suffix(2).map(Self.withoutTime).joined(separator: " ")
    }

    /// Workers that still serve although their master was killed: they work in this folder, so they
    /// are this balancer's. They finish what they have and listen no more.
    func endOrphans() async {
        let orphans = Self.processes().filter(isOurs)
        for orphan in orphans { kill(orphan.processID, SIGQUIT) }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(2)
        while clock.now < end, orphans.contains(where: { $0.isAlive && !Self.isEnding($0.processID) }) {
            try? await Task.sleep(for: .milliseconds(5), clock: clock)
        }
        for orphan in orphans where orphan.isAlive && !Self.isEnding(orphan.processID) {
            kill(orphan.processID, SIGKILL)
        }
    }

    /// Ends master and workers, also those that are finishing what they have.
    func endEverything(_ master: ProcessIdentity?) async {
        await master?.end()
        for process in Self.processes().filter(isOurs) { await process.end() }
    }

    /// Workers that take new connections.
    static func workers(of master: ProcessIdentity) -> Set<Int32> {
        let text = contents("/proc/\(master.processID)/task/\(master.processID)/children")
        return Set(text.split(separator: " ").compactMap { Int32($0) }.filter { !isEnding($0) })
    }

    private static func isEnding(_ process: Int32) -> Bool { contents("/proc/\(process)/cmdline").contains("shutting") }

    private static func contents(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func processes() -> [ProcessIdentity] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [])
            .compactMap { Int32($0) }.compactMap { ProcessIdentity(of: $0) }
    }

    private func isOurs(_ process: ProcessIdentity) -> Bool {
        Self.contents("/proc/\(process.processID)/cmdline").hasPrefix("nginx: ")
            && Self.target("/proc/\(process.processID)/cwd") == Self.target(folder.path.string)
    }

    private static func target(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private func run(
        _ arguments: [String], withLines: Bool = false
    ) async throws(Problem) -> (isSuccess: Bool, output: String) {
        let arguments = ["-p", folder.path.string + "/"] + arguments
        let command = withLines ? folder.command(path, arguments) : (program: path, arguments: arguments)
        do {
            let result = try await Subprocess.run(
                .path(command.program), arguments: Arguments(command.arguments), workingDirectory: folder.path,
                output: .discarded, error: .string(limit: Self.outputBytesMax))
            let lines = result.standardError.split(separator: "\n")
            let faults = lines.filter { $0.contains("[emerg]") || $0.contains("[error]") }
            return (
                result.terminationStatus.isSuccess,
                (faults.isEmpty ? lines.suffix(3) : faults.prefix(3)).map(Self.withoutTime).joined(separator: " ")
            )
        } catch {
            throw Self.missing("\(path): \(error)")
        }
    }

    private static func missing(_ cause: String) -> Problem {
        Problem(
            "balancer.nginx-missing", "nginx could not be run.", cause: cause,
            remedy: "Install it: apt-get install nginx-light libnginx-mod-http-lua.")
    }

    /// A line begins with the time, and with process numbers where it is not about the file.
    private static func withoutTime(_ line: Substring) -> String {
        guard let level = line.firstRange(of: "] ") else { return String(line) }
        let rest = line[level.upperBound...]
        let number = rest.prefix { $0.isNumber || $0 == "#" || $0 == ":" }
        return number.contains("#") ? String(rest.dropFirst(number.count).drop { $0 == " " }) : String(rest)
    }
}
