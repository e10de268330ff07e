import ControlPlane
import Core
import FoundationEssentials
import Glibc
import Logging
import ServiceLifecycle
import Subprocess
import Synchronization
import SystemPackage
import Wire

/// The hosts of `apus dev`: an agent's process for each, with a root folder of its own.
struct DevFleet: Service {
    /// What `STATE/dev.json` tells other programs.
    private struct Facts: Codable {
        var api: String
        var dashboard: String
        var token: String
        var fabric: FabricName
        var repository: String
        var edge: String?
        var agents: [String: Int32]
        var pid: Int32
    }

    private static let look = Duration.milliseconds(300)

    private let wiring: ControlPlaneWiring
    private let folder: FilePath
    private let workTree: FilePath
    private let fabric: FabricName
    private let token: String
    private let executable: FilePath
    private let apiPort: AsyncStream<Int>
    private let logger: Logger
    private let agents = AgentProcesses()

    init(
        wiring: ControlPlaneWiring, folder: FilePath, workTree: FilePath, fabric: FabricName, token: String,
        executable: FilePath, apiPort: AsyncStream<Int>, logger: Logger
    ) {
        self.wiring = wiring
        self.folder = folder
        self.workTree = workTree
        self.fabric = fabric
        self.token = token
        self.executable = executable
        self.apiPort = apiPort
        self.logger = logger
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            guard let port = await apiPort.first(where: { _ in true }), let server = await wiring.gateway.address()
            else { return }
            try await withThrowingDiscardingTaskGroup { group in
                var isTold = false
                while !Task.isCancelled {
                    for host in await localHosts() where agents.begin(host.name) {
                        let joinFile = try await joinFile(for: host.name)
                        group.addTask { await runAgent(of: host, server: server, joinFile: joinFile) }
                    }
                    if let facts = await tell(port: port), !isTold {
                        isTold = true
                        greet(facts)
                    }
                    try? await Task.sleep(for: Self.look)
                }
            }
        }
        await endTheRest()
    }

    private func localHosts() async -> [HostSpec] {
        let hosts = await wiring.orchestrator.snapshot.desired?.configuration.hosts.values.map { $0 } ?? []
        return hosts.filter { $0.address.hasPrefix("127.") || $0.address == "::1" }.sorted { $0.name < $1.name }
    }

    private func root(of host: HostName) -> FilePath { folder.appending("hosts").appending(host.text) }

    /// A one-time token in a file that only this user reads; nil for a host that has joined.
    private func joinFile(for host: HostName) async throws(Problem) -> FilePath? {
        let root = root(of: host)
        do {
            try FileManager.default.createDirectory(atPath: root.string, withIntermediateDirectories: true)
        } catch {
            throw Problem(
                "dev.host", "The host's folder cannot be made.", cause: "\(root): \(error)", remedy: "Free some space.")
        }
        guard !FileManager.default.fileExists(atPath: root.appending("identity.json").string) else { return nil }
        let token = try await wiring.joins.issue(
            for: host, timeToLive: .minutes(10), issuedBy: "apus dev",
            authorityFingerprint: wiring.authority.fingerprint)
        let path = root.appending("join.token")
        try PrivateFile.write(Data(token.utf8), to: path.string)
        return path
    }

    private func runAgent(of host: HostSpec, server: ServerAddress, joinFile: FilePath?) async {
        var arguments = [
            "agent", "--server", "\(server)", "--host", host.name.text, "--address", host.address, "--root",
            root(of: host.name).string, "--ephemeral", "--parent", "\(getpid())",
        ]
        if let memory = host.memory { arguments += ["--memory", "\(memory.bytes)"] }
        if let joinFile { arguments += ["--join-file", joinFile.string] }
        do {
            let log = try DevLog.open(host.name.text, folder: folder)
            var options = PlatformOptions()
            options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(25))]
            // In a session of its own: an interrupt at the terminal reaches this process, which
            // then ends its agents in order.
            options.createSession = true
            let result = try await Subprocess.run(
                .path(executable), arguments: Arguments(arguments), platformOptions: options, input: .none,
                output: .fileDescriptor(log, closeAfterSpawningProcess: false),
                error: .fileDescriptor(log, closeAfterSpawningProcess: true)
            ) { execution in
                agents.started(host.name, execution.processIdentifier.value)
                // Until the process ends, or this task is cancelled and tears it down.
                while !Task.isCancelled, kill(execution.processIdentifier.value, 0) == 0,
                    !Self.isZombie(execution.processIdentifier.value)
                {
                    try? await Task.sleep(for: Self.look)
                }
            }
            agents.ended(host.name, cleanly: result.terminationStatus.isSuccess)
            if !Task.isCancelled { say("The agent of \(host.name) has ended (\(result.terminationStatus)).") }
        } catch {
            agents.ended(host.name, cleanly: false)
            logger.error("agent not run", metadata: ["host": "\(host.name)", "error": "\(error)"])
        }
    }

    private static func isZombie(_ pid: Int32) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
        return text.split(separator: ")").last?.split(separator: " ").first == "Z"
    }

    /// Writes the facts once every host is connected.
    /// - Returns: what is written; nil as long as a host is missing.
    private func tell(port: Int) async -> Facts? {
        let loop = await wiring.orchestrator.snapshot
        guard let configuration = loop.desired?.configuration else { return nil }
        let hosts = await localHosts()
        let isComplete = hosts.allSatisfy { loop.hosts[$0.name]?.lastHeard != nil }
        guard isComplete else { return nil }
        let edge = configuration.balancers.values.sorted { $0.name < $1.name }.first.flatMap { balancer -> String? in
            let host = hosts.first { balancer.hosts.admits($0, classLabels: loop.desired?.classLabels(of: $0) ?? [:]) }
            guard let host, let listener = balancer.listeners.first else { return nil }
            return "\(listener.certificate == nil ? "http" : "https")://\(host.address):\(listener.port)"
        }
        let facts = Facts(
            api: "http://127.0.0.1:\(port)", dashboard: "http://127.0.0.1:\(port)/", token: token, fabric: fabric,
            repository: workTree.string, edge: edge, agents: agents.running, pid: getpid())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(facts) else { return nil }
        let path = folder.appending("dev.json").string
        if (try? Data(contentsOf: URL(filePath: path))) != data { try? PrivateFile.write(data, to: path) }
        return facts
    }

    private func greet(_ facts: Facts) {
        let requests = facts.edge.map { "\n  requests    \($0)   (the balancer)" } ?? ""
        say(
            """
            \(fabric) is up: \(agents.running.count) hosts.\(requests)
              dashboard   \(facts.api)/login?token=\(token)
              CLI         export APUS_URL=\(facts.api) APUS_TOKEN=\(token)
              repository  \(workTree)   (commit here, and the hosts follow)
              logs        \(folder)/logs
            Ctrl-C ends everything.
            """)
    }

    /// Agents that died did not end what they held.
    private func endTheRest() async {
        unlink(folder.appending("dev.json").string)
        for host in agents.died {
            _ = try? await Subprocess.run(
                .path(executable),
                arguments: Arguments([
                    "agent", "--host", host.text, "--root", root(of: host).string, "--end",
                ]), output: .discarded, error: .discarded)
        }
    }
}

/// Which hosts have an agent's process.
final class AgentProcesses: Sendable {
    private struct State {
        var begun: Set<HostName> = []
        var running: [HostName: Int32] = [:]
        var died: Set<HostName> = []
    }

    private let state = Mutex(State())

    /// - Returns: whether the host had none so far. An agent that has died is not started again:
    ///   what follows from it is what people want to see.
    func begin(_ host: HostName) -> Bool { state.withLock { $0.begun.insert(host).inserted } }
    func started(_ host: HostName, _ pid: Int32) { state.withLock { $0.running[host] = pid } }
    func ended(_ host: HostName, cleanly: Bool) {
        state.withLock { state in
            state.running[host] = nil
            if !cleanly { state.died.insert(host) }
        }
    }

    var running: [String: Int32] {
        state.withLock { state in Dictionary(uniqueKeysWithValues: state.running.map { ($0.key.text, $0.value) }) }
    }
    var died: Set<HostName> { state.withLock { $0.died } }
}
