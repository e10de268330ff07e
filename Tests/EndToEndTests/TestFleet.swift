import Core
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Testing
import Wire

/// The real program on this machine, in a folder of its own: either `apus dev`, or a server and
/// agents that are started one by one.
final class TestFleet: Sendable {
    struct Connection: Sendable {
        var url: String
        var token: String
        var edge: String?
        var repository: FilePath
        var client: APIClient
    }

    /// A command that has ended.
    struct Ended {
        var code: Int32
        var data: String
        var words: String
    }

    /// The program that was built with this test.
    static let program: FilePath = {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = FilePath(path).removingLastComponent().appending("apus")
        if FileManager.default.fileExists(atPath: beside.string) { return beside }
        // A test bundle that a helper has loaded is named on the command line.
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? ""
        return FilePath(bundle).removingLastComponent().appending("apus")
    }()
    private static let count = Atomic<Int>(0)

    /// Short, because sockets live in it and their paths are limited.
    let folder: FilePath
    /// The program and what goes before it: `setpriv` for another user.
    private let prefix: [String]
    private let connection = Mutex<Connection?>(nil)
    private let processes = Mutex<[String: ChildProcess]>([:])
    private let endings = Mutex<[@Sendable () -> Void]>([])
    private let agentsPort: Int
    private let apiPort: Int

    /// Where each host is, when they have networks of their own.
    private let network: HostNetwork?

    private init(prefix: [String], network: HostNetwork?) throws {
        self.network = network
        let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        folder = FilePath("/tmp/ae-\(getpid())-\(number)")
        self.prefix = prefix
        apiPort = try freePort()
        agentsPort = try freePort()
        // A folder that a user of any app can pass through.
        for path in [folder, logs, repository] {
            try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
            chmod(path.string, 0o755)
        }
    }

    /// Runs a fleet for the time of the body, and sees that nothing is left of it.
    static func with(
        prefix: [String] = [], network: HostNetwork? = nil, _ body: (TestFleet) async throws -> Void
    ) async throws {
        let fleet = try TestFleet(prefix: prefix, network: network)
        do {
            try await body(fleet)
        } catch {
            await fleet.finish()
            Issue.record("\(error)\n\(fleet.logTails)")
            fleet.remove()
            return
        }
        await fleet.finish()
        fleet.remove()
    }

    /// `apus dev` of files, or of a folder.
    static func withDev(
        _ sample: SampleRepository, prefix: [String] = [], _ body: (TestFleet) async throws -> Void
    ) async throws {
        try await with(prefix: prefix) { fleet in
            try await fleet.commit(sample.files, "Begin")
            try await fleet.startDev(fleet.repository)
            try await fleet.deploy("demo")
            try await body(fleet)
        }
    }

    /// `apus server` and an `apus agent` for each host of the sample.
    static func withServerAndAgents(
        _ sample: SampleRepository, network: HostNetwork? = nil, _ body: (TestFleet) async throws -> Void
    ) async throws {
        try await with(network: network) { fleet in
            try await fleet.commit(sample.files, "Begin")
            try await fleet.startServer(edge: sample.edge)
            try await eventually("The configuration") { try await fleet.client.configuration() }
            try await fleet.startAgent("edge-1", address: sample.address(0))
            for number in 1...sample.webHosts {
                try await fleet.startAgent("web-\(number)", address: sample.address(number))
            }
            try await fleet.deploy("demo")
            try await body(fleet)
        }
    }

    var logs: FilePath { folder.appending("logs") }
    var repository: FilePath { folder.appending("repo") }
    var client: APIClient {
        get throws { try current.client }
    }
    var current: Connection {
        get throws {
            guard let connection = connection.withLock({ $0 }) else {
                throw Trouble(description: "Nothing was started.")
            }
            return connection
        }
    }

    // MARK: Roles

    func startDev(_ source: FilePath, within seconds: Int = 60) async throws {
        struct Facts: Decodable {
            var api: String
            var token: String
            var edge: String?
            var repository: String
        }
        if !prefix.isEmpty { try await chownToOther() }
        let state = folder.appending("state")
        let dev = try start("dev", ["dev", source.string, "--state", state.string, "--port", "\(apiPort)"])
        let facts = try await eventually("`apus dev` being ready", within: seconds) {
            if let code = dev.poll() { throw Trouble(description: "`apus dev` ended with \(code).") }
            let data = try Data(contentsOf: URL(filePath: state.appending("dev.json").string))
            return try JSONDecoder().decode(Facts.self, from: data)
        }
        try connect(facts.api, facts.token, edge: facts.edge, repository: FilePath(facts.repository))
    }

    /// Starts the server; again, with the same state and at the same ports, when it ran before.
    /// - Parameters:
    ///   - tracer: what goes before the program: `strace` with its options.
    ///   - options: more of the server's.
    func startServer(edge: String, under tracer: [String] = [], options: [String] = []) async throws {
        let state = serverState
        let server = try launchServer(under: tracer, options: options)
        let token = try await eventually("The first token") {
            if let code = server.poll() { throw Trouble(description: "`apus server` ended with \(code).") }
            let text = try String(contentsOfFile: state.appending("admin.token").string, encoding: .utf8)
            return text.split(whereSeparator: \.isWhitespace).first.map(String.init)
        }
        if (try? current) == nil {
            try connect("http://127.0.0.1:\(apiPort)", token, edge: edge, repository: repository)
        }
        try await eventually("The server's answer") { try await client.version() }
    }

    /// Starts the server, and does not wait for it.
    func launchServer(under tracer: [String], options: [String] = []) throws -> ChildProcess {
        try start(
            "server",
            [
                "server", "--config", repository.string, "--fabric", "dev", "--state", serverState.string, "--listen",
                "127.0.0.1:\(apiPort)", "--agents", agentsAddress,
            ] + options, under: tracer)
    }

    /// Does something when everything of the fleet has ended, before its folder goes.
    func atEnd(_ body: @escaping @Sendable () -> Void) { endings.withLock { $0.append(body) } }

    /// Starts the agent of a host; the first time with a token from `apus token join`.
    /// - Parameters:
    ///   - joins: whether it gets a new token, although it has joined before.
    ///   - launcher: a command that runs the agent's; empty: none.
    func startAgent(
        _ host: String, address: String, joins: Bool = false, under launcher: [String] = []
    ) async throws {
        let root = agentRoot(host)
        var arguments = [
            "agent", "--server", agentsAddress, "--host", host, "--address", address, "--root", root.string,
        ]
        if joins || !FileManager.default.fileExists(atPath: root.appending("identity.json").string) {
            let token = try await succeed("token", "join", host).data
            let path = folder.appending("\(host).join")
            try Data(token.utf8).write(to: URL(filePath: path.string))
            arguments += ["--join-file", path.string]
        }
        _ = try start(host, arguments, under: (network?.launcher(host) ?? []) + launcher)
        let name = try HostName(host)
        try await eventually("The agent of \(host) being connected") {
            try await client.hosts().contains { $0.name == name && $0.contact == .connected }
        }
    }

    var serverState: FilePath { folder.appending("server") }

    var agentsAddress: String { "\(network?.serverAddress ?? "127.0.0.1"):\(agentsPort)" }

    func agentRoot(_ host: String) -> FilePath { folder.appending("hosts").appending(host) }

    /// A role's process, to be signalled.
    func process(_ name: String) throws -> ChildProcess {
        guard let process = processes.withLock({ $0[name] }) else {
            throw Trouble(description: "\(name) was not started.")
        }
        return process
    }

    // MARK: Commands

    func apus(_ arguments: [String], within seconds: Int = 60) async throws -> Ended {
        let environment = (try? current).map { ["APUS_URL": $0.url, "APUS_TOKEN": $0.token] } ?? [:]
        let number = Self.count.wrappingAdd(1, ordering: .relaxed).newValue
        let (data, words) = (folder.appending("\(number).out"), folder.appending("\(number).err"))
        let process = try ChildProcess(
            [Self.program.string] + arguments, environment: environment, data: data, words: words)
        let code = try await process.end(within: seconds)
        return Ended(
            code: code, data: try String(contentsOfFile: data.string, encoding: .utf8),
            words: try String(contentsOfFile: words.string, encoding: .utf8))
    }

    func apus(_ arguments: String...) async throws -> Ended { try await apus(arguments) }

    @discardableResult
    func succeed(_ arguments: String...) async throws -> Ended {
        let ended = try await apus(arguments)
        guard ended.code == 0 else {
            throw Trouble(
                description:
                    "`apus \(arguments.joined(separator: " "))` ended with \(ended.code):\n\(ended.data)\(ended.words)")
        }
        return ended
    }

    /// Deploys, and waits until every instance that is wanted serves.
    func deploy(_ app: String) async throws {
        try await succeed("deploy", app, "--wait")
        try await allServing(app)
    }

    // MARK: Looking

    func instances(_ app: String) async throws -> [InstanceView] {
        let name = try AppName(app)
        return try await client.instances().filter { $0.app == name && $0.processID != nil }
    }

    /// Instances that take part, run, and answer their probe.
    func serving(_ app: String) async throws -> [InstanceView] {
        try await instances(app).filter { $0.duty == .serving && $0.state == .running && $0.health == .healthy }
    }

    func allServing(_ app: String) async throws {
        let name = try AppName(app)
        try await eventually("Every instance of \(app) serving") {
            let processes = try await client.app(name).app.processes
            return try await serving(app).count == processes.reduce(0) { $0 + $1.desired }
        }
    }

    /// The numbers of the releases that serve.
    func releasesServing(_ app: String) async throws -> Set<Int> { Set(try await serving(app).map(\.release)) }

    var logTails: String {
        let folders = [logs, folder.appending("state/logs")]
        return folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder.string)) ?? []).sorted().map { name in
                let text = (try? String(contentsOfFile: folder.appending(name).string, encoding: .utf8)) ?? ""
                return "== \(name)\n" + text.split(separator: "\n").suffix(25).joined(separator: "\n")
            }
        }.joined(separator: "\n")
    }

    // MARK: Git

    /// Writes files into the repository and commits; a file without text is removed.
    func commit(_ files: [String: String?], _ message: String) async throws {
        let top = (try? current.repository) ?? repository
        for (path, text) in files {
            let path = top.pushing(FilePath(path))
            guard let text else {
                try FileManager.default.removeItem(atPath: path.string)
                continue
            }
            try FileManager.default.createDirectory(
                atPath: path.removingLastComponent().string, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path.string))
        }
        if !FileManager.default.fileExists(atPath: top.appending(".git").string) {
            try await git(top, ["init", "--quiet", "--initial-branch=main"])
        }
        try await git(top, ["add", "--all"])
        try await git(top, ["commit", "--quiet", "--message", message])
        if !prefix.isEmpty { try await chownToOther() }
    }

    private func git(_ top: FilePath, _ arguments: [String]) async throws {
        let log = logs.appending("git.log")
        let who = ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "safe.directory=*"]
        let process = try ChildProcess(["git", "-C", top.string] + who + arguments, data: log, words: log)
        let code = try await process.end(within: 20)
        guard code == 0 else { throw Trouble(description: "git \(arguments[0]) ended with \(code).") }
    }

    private func chownToOther() async throws {
        let log = logs.appending("chown.log")
        _ = try await ChildProcess(["chown", "-R", "65534:65534", folder.string], data: log, words: log).end(within: 10)
    }

    // MARK: Beginning and end

    private func start(_ name: String, _ arguments: [String], under tracer: [String] = []) throws -> ChildProcess {
        let log = logs.appending("\(name).log")
        // What is installed for root alone is no use to another user.
        let environment = prefix.isEmpty ? [:] : ["PATH": "/usr/bin:/bin:/usr/sbin", "HOME": folder.string]
        let process = try ChildProcess(
            prefix + tracer + [Self.program.string] + arguments, environment: environment, data: log, words: log)
        processes.withLock { $0[name] = process }
        return process
    }

    private func connect(_ url: String, _ token: String, edge: String?, repository: FilePath) throws {
        let client = try APIClient(try APIAddress(url, token: token))
        connection.withLock {
            $0 = Connection(url: url, token: token, edge: edge, repository: repository, client: client)
        }
    }

    /// Ends every process in order, and records what was left running.
    private func finish() async {
        await (try? client)?.shutdown()
        for (name, process) in processes.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            process.signal(SIGINT)
            do {
                _ = try await process.end(within: 40)
            } catch {
                Issue.record("\(name) does not end: \(error)\n\(logTails)")
            }
        }
        await endHosts()
        let isClean =
            (try? await eventually(
                "The end of everything", within: 5,
                holds: {
                    ProcessTable().belonging(to: folder.string).isEmpty
                })) != nil
        guard !isClean else { return }
        for entry in ProcessTable().belonging(to: folder.string) {
            Issue.record("left running: \(entry.processID) \(entry.command.prefix(160))")
            kill(entry.processID, SIGKILL)
        }
    }

    /// What agents of `apus agent` leave running is ended by `apus agent --end`.
    private func endHosts() async {
        let hosts = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending("hosts").string)) ?? []
        for host in hosts {
            let ended = try? await apus("agent", "--host", host, "--root", agentRoot(host).string, "--end")
            #expect(ended?.code == 0, "\(host) does not end what it held: \(ended?.words ?? "")")
        }
    }

    private func remove() {
        for ending in endings.withLock({ $0 }) { ending() }
        if getenv("APUS_TEST_KEEP") == nil { try? FileManager.default.removeItem(atPath: folder.string) }
    }
}
