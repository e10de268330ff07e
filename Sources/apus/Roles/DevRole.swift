import ArgumentParser
import ConfigRepository
import ControlPlane
import Core
import FoundationEssentials
import Glibc
import Logging
import Logs
import ServiceLifecycle
import Synchronization
import SystemPackage
import UnixSignals
import Wire

/// `apus dev`: a small production on this machine.
struct DevRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev", abstract: "Run a whole fabric on this machine.",
        discussion: """
            Starts a control plane and an agent for every host of the fabric that has a loopback \
            address, from a configuration repository. A folder that is no git repository is copied \
            into one in the state folder; commit there to change what runs. Everything ends with \
            this command.
            """)

    @Argument(help: "The configuration repository: a git repository, or a folder of files.") var path = "."
    @Option(help: "The fabric; needed when the repository has several.") var fabric: String?
    @Option(help: "The folder for everything that is made.") var state: String?
    @Option(help: "The port of the API and the dashboard.") var port = 2787
    @Flag(help: "Forget what an earlier run left in the state folder.") var fresh = false

    func run() async throws {
        let source = try absolute(path)
        let folder = try state.map { path throws(Problem) in try absolute(path) } ?? Self.defaultState(for: source)
        if fresh { try? FileManager.default.removeItem(atPath: folder.string) }
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let workTree = try await DevRepository(source: source, state: folder).prepare()
        let repository = try GitRepository(path: workTree)
        let name = try await fabricName(repository)
        let lines = OwnLines()
        let logger = try DevLog.logger("server", folder: folder, lines: lines)
        let options = ControlPlaneWiring.Options(
            fabric: name, repository: repository, reference: try GitReference("HEAD"),
            state: folder.appending("server"),
            secrets: folder.appending("secrets"), apiAddress: "127.0.0.1", apiPort: port, apiCertificate: nil,
            agentsAddress: "127.0.0.1", agentsPort: 0, names: ["127.0.0.1"],
            statsd: try ServerRole.listen(nil, portDefault: 8125),
            carbon: try ServerRole.listen(nil, portDefault: 2003))
        try FileManager.default.createDirectory(atPath: options.state.string, withIntermediateDirectories: true)
        let (bound, onBound) = AsyncStream<Int>.makeStream()
        let wiring = try await ControlPlaneWiring(options, lines: lines, logger: logger) { onBound.yield($0) }
        let token = try await adminToken(wiring.tokens, folder: options.state, logger: logger)
        let fleet = DevFleet(
            wiring: wiring, folder: folder, workTree: workTree, fabric: name, token: token,
            executable: try executablePath(),
            apiPort: bound, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: wiring.services + [fleet], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        say("Ended; nothing is left running.")
    }

    private func fabricName(_ repository: GitRepository) async throws -> FabricName {
        let reading = try await ConfigurationReader.read(repository, commit: try await repository.head())
        for diagnostic in reading.diagnostics { say("\(diagnostic)") }
        if let fabric { return try FabricName(fabric) }
        guard let only = reading.fabrics.first, reading.fabrics.count == 1 else {
            throw Problem(
                "dev.fabric", "Which fabric is to run?",
                cause:
                    "The repository has \(reading.fabrics.isEmpty ? "none" : reading.fabrics.map(\.text).joined(separator: ", ")).",
                remedy: reading.fabrics.isEmpty
                    ? "Write fabrics/dev.yaml, or begin with `apus init`." : "Give --fabric.")
        }
        return only
    }

    private func adminToken(_ tokens: TokenStore, folder: FilePath, logger: Logger) async throws -> String {
        if let token = try await writeAdminToken(tokens, folder: folder, logger: logger) { return token }
        let bytes = try PrivateFile.read(folder.appending("admin.token").string) ?? []
        return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
    }

    /// A folder that outlives the run, named after the repository.
    private static func defaultState(for source: FilePath) throws(Problem) -> FilePath {
        let name = source.lastComponent?.string ?? "dev"
        if geteuid() == 0 { return FilePath("/var/lib/apus/dev").appending(name) }
        if let home = getenv("XDG_STATE_HOME") {
            return FilePath(String(cString: home)).appending("apus/dev").appending(name)
        }
        guard let home = getenv("HOME") else {
            throw Problem(
                "dev.state", "There is no place for the state.", cause: "Neither HOME nor XDG_STATE_HOME is set.",
                remedy: "Give --state.")
        }
        return FilePath(String(cString: home)).pushing(FilePath(".local/state/apus/dev")).appending(name)
    }
}

/// Words for people, beside the data.
func say(_ text: String) { _ = try? FileDescriptor.standardError.writeAll((text + "\n").utf8) }
