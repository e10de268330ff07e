import Agent
import ArgumentParser
import CShim
import Core
import FoundationEssentials
import Glibc
import Logging
import Logs
import ServiceLifecycle
import SystemPackage
import UnixSignals
import Wire

/// `apus agent`: what runs on a host.
struct AgentRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "Run the agent of a host.",
        discussion: """
            The first start needs a one-time token, which `apus token join HOST` prints; give it by \
            --join-file, or in APUS_JOIN_TOKEN. Afterwards the host's own certificate is enough; a token \
            that it has not seen lets the host join anew, as after `apus revoke`.
            """)

    @Option(help: "The server's address for agents: apus.example.com:2788.") var server = "127.0.0.1"
    @Option(help: "This host's name, as git declares it.") var host: String
    @Option(help: "The address that instances listen at.") var address = "127.0.0.1"
    @Option(help: "The folder that everything of this host is in.") var root = "/var/lib/apus/agent"
    @Option(help: "A file with the one-time join token.") var joinFile: String?
    @Option(help: "Memory that instances may use together: 2GiB.") var memory: String?
    @Flag(help: "End everything on the host with the agent: for fleets on a laptop.") var ephemeral = false
    @Flag(help: "End what an earlier agent left running, and end.") var end = false
    @Option(help: .hidden) var parent: Int32?

    func run() async throws {
        let host = try HostName(host)
        let folder = try absolute(root)
        let lines = OwnLines()
        let logger = Logger(label: "agent/\(host)") { LineLog(label: $0, output: .standardError, lines: lines) }
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let server = try ServerAddress(server)
        let identity = try await identity(host: host, server: server, folder: folder, logger: logger)
        let configuration = HostAgent.Configuration(
            server: server, host: host, address: address, root: folder, executable: try executablePath(),
            version: apusVersion, memory: try memory.map { try ByteCount($0) })
        func agent() throws(Problem) -> HostAgent {
            try HostAgent(configuration, identity: identity, lines: lines, now: wallClock, logger: logger)
        }
        if end { return try await agent().endWhatIsLeft() }
        // An agent is busy for moments: a heap for each thread would only keep what they leave.
        apus_heap_in_one_piece()
        var services: [any Service] = [try agent(), FootprintTrim()]
        if let parent { services.append(ParentWatch(parent: parent)) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        // The agent has let go of everything; another one takes it over, to stop it.
        if ephemeral { try await agent().endWhatIsLeft() }
    }

    private func identity(
        host: HostName, server: ServerAddress, folder: FilePath, logger: Logger
    ) async throws -> AgentIdentity {
        if let identity = try AgentIdentity.load(folder: folder.string) {
            guard identity.host == host else {
                throw Problem(
                    "agent.other-host", "The agent does not start.",
                    cause: "\(folder) belongs to the host \(identity.host), not to \(host).",
                    remedy: "Give each host a root folder of its own.")
            }
            // The file may go once the host has joined.
            guard !end, let token = try? joinToken(), !identity.knows(token) else { return identity }
            do throws(Problem) {
                return try await AgentJoin.join(server: server, token: token, host: host, folder: folder.string)
            } catch {
                // What runs here must not wait for it: the certificate may be good.
                logger.warning("the host did not join anew", metadata: ["problem": "\(error)"])
                guard error.code.hasSuffix(".refused") else { return identity }
                return try identity.remember(token, folder: folder.string)
            }
        }
        guard let token = try joinToken() else {
            throw Problem(
                "agent.not-joined", "The agent does not start.", cause: "The host \(host) has not joined yet.",
                remedy: "Run `apus token join \(host)` where you have a token, and give what it prints by --join-file.")
        }
        return try await AgentJoin.join(server: server, token: token, host: host, folder: folder.string)
    }

    private func joinToken() throws -> JoinToken? {
        var text = getenv("APUS_JOIN_TOKEN").map { String(cString: $0) }
        if let joinFile { text = try String(contentsOfFile: joinFile, encoding: .utf8) }
        return try text?.split(whereSeparator: \.isWhitespace).first.map { try JoinToken(String($0)) }
    }
}

/// Ends with the process that started this one.
struct ParentWatch: Service {
    let parent: Int32

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, getppid() == parent { try? await Task.sleep(for: .seconds(1)) }
        }
    }
}

/// A path that stays right when the working folder changes.
func absolute(_ path: String) throws(Problem) -> FilePath {
    let path = FilePath(path)
    if path.isAbsolute { return path.lexicallyNormalized() }
    guard let folder = getcwd(nil, 0) else {
        throw Problem(
            "path.relative", "The path cannot be found.", cause: "There is no working folder to begin \(path) in.",
            remedy: "Give an absolute path.")
    }
    defer { free(folder) }
    return FilePath(String(cString: folder)).pushing(path).lexicallyNormalized()
}

/// This very program, for the processes that it starts.
func executablePath() throws(Problem) -> FilePath {
    guard let path = realpath("/proc/self/exe", nil) else {
        throw Problem(
            "program.unknown", "The program does not know where it is.", cause: "/proc/self/exe cannot be read.",
            remedy: "Mount /proc.")
    }
    defer { free(path) }
    return FilePath(String(cString: path))
}
