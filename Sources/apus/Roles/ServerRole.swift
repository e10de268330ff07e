import ArgumentParser
import CShim
import ConfigRepository
import ControlPlane
import Core
import FoundationEssentials
import Glibc
import Logging
import Logs
import Server
import ServiceLifecycle
import SystemPackage
import UnixSignals
import Wire

/// `apus server`: the control plane of a fabric.
struct ServerRole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "Run the control plane of a fabric.",
        discussion: """
            It listens on loopback unless told otherwise; on any other address the API needs a \
            certificate. The first start writes a token of an admin to STATE/admin.token.
            """)

    @Option(help: "The configuration repository: a git URL or a path.") var config: String
    @Option(help: "The branch, tag or commit of it to follow.") var ref = "HEAD"
    @Option(help: "The fabric to look after.") var fabric: String
    @Option(help: "The folder for state, keys and packages.") var state = "/var/lib/apus/server"
    @Option(help: "The folder with secrets that git only names, a private file each; default: STATE/secrets.")
    var secrets: String?
    @Option(help: "Where the API and the dashboard listen: ADDRESS:PORT.") var listen = "127.0.0.1:2787"
    @Option(help: "Where agents connect: ADDRESS:PORT.") var agents = "127.0.0.1:2788"
    @Option(help: "A name or address that agents reach the server by; may be repeated.") var name: [String] = []
    @Option(help: "Where statsd listens: ADDRESS:PORT, or none (default: 127.0.0.1:8125, if it is free).")
    var statsd: String?
    @Option(help: "Where Graphite's points come in: ADDRESS:PORT, or none (default: 127.0.0.1:2003, if it is free).")
    var carbon: String?
    @Option(help: "Where syslog comes in, by UDP and TCP: ADDRESS:PORT (default: nowhere).") var syslog: String?
    @Option(help: "Where syslog comes in over TLS, with the API's certificate: ADDRESS:PORT (default: nowhere).")
    var syslogTls: String?
    @Option(help: "PEM file of the authority whose certificates senders of syslog must show over TLS.")
    var syslogClients: String?
    @Option(help: "Where complete logs go: s3://BUCKET/PREFIX or a folder (default: nowhere).")
    var archive: String?
    @Option(help: "The address of another service than AWS for s3://: http://HOST:PORT.") var archiveEndpoint: String?
    @Option(help: "How long logs are kept here although the archive has them: 12h, 7d.") var archiveAfter = "7d"
    @Option(help: "PEM file of the API's certificate chain.") var certificate: String?
    @Option(help: "PEM file of the certificate's key.") var key: String?

    private static let syslogPort = 5514
    /// Source: RFC 5425, 4.1.
    private static let syslogTLSPort = 6514

    func run() async throws {
        apus_heap_in_pages()
        let folder = try absolute(state)
        try FileManager.default.createDirectory(atPath: folder.string, withIntermediateDirectories: true)
        let lines = OwnLines()
        let logger = Logger(label: "server") { LineLog(label: $0, output: .standardError, lines: lines) }
        FileLimit.raise(logger)
        let options = try options(folder)
        let wiring = try await ControlPlaneWiring(options, lines: lines, logger: logger) { port in
            logger.info("API and dashboard", metadata: ["address": "\(options.apiAddress)", "port": "\(port)"])
        }
        try await writeAdminToken(wiring.tokens, folder: folder, logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: wiring.services + [HeapTrim()], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private func options(_ folder: FilePath) throws(Problem) -> ControlPlaneWiring.Options {
        let api = try ServerAddress(listen)
        let agents = try ServerAddress(agents)
        var pair: FabricServer.Configuration.Certificate?
        guard (certificate == nil) == (key == nil) else {
            throw Problem(
                "server.certificate-incomplete", "The server does not start.",
                cause: "A certificate and its key belong together, and only one of them is given.",
                remedy: "Give both --certificate and --key, or neither.")
        }
        if let certificate, let key {
            pair = .init(chain: try Self.text(certificate), key: try Self.text(key))
        }
        let repository = try GitRepository(try GitLocation(config), cache: folder.appending("mirrors"))
        return ControlPlaneWiring.Options(
            fabric: try FabricName(fabric), repository: repository, reference: try GitReference(ref), state: folder,
            secrets: try secrets.map { path throws(Problem) in try absolute(path) } ?? folder.appending("secrets"),
            apiAddress: api.host, apiPort: api.port, apiCertificate: pair, agentsAddress: agents.host,
            agentsPort: agents.port, names: name.isEmpty ? [agents.host] : name,
            statsd: try Self.listen(statsd, portDefault: 8125), carbon: try Self.listen(carbon, portDefault: 2003),
            syslog: try syslogSetting(pair), archive: try archivePlace())
    }

    private func syslogSetting(_ pair: FabricServer.Configuration.Certificate?) throws(Problem) -> SyslogSetting? {
        let plain = try syslog.map { text throws(Problem) in
            try ServerAddress(text, portDefault: Self.syslogPort, listens: true)
        }
        let secure = try syslogTls.map { text throws(Problem) in
            guard let pair else {
                throw Problem(
                    "server.insecure", "The server does not start.",
                    cause: "Syslog over TLS needs a certificate, and the API has none.",
                    remedy: "Give --certificate and --key.")
            }
            return SyslogSetting.Secure(
                address: try ServerAddress(text, portDefault: Self.syslogTLSPort, listens: true),
                certificateChain: pair.chain, key: pair.key,
                clientAuthority: try syslogClients.map { path throws(Problem) in try Self.text(path) })
        }
        guard syslogClients == nil || syslogTls != nil else {
            throw Problem(
                "server.insecure", "The server does not start.",
                cause: "--syslog-clients asks for certificates, and nothing listens with TLS.",
                remedy: "Give --syslog-tls too.")
        }
        return plain == nil && secure == nil ? nil : SyslogSetting(plain: plain, secure: secure)
    }

    private func archivePlace() throws(Problem) -> ArchivePlace? {
        guard let archive else { return nil }
        return try ArchivePlace(
            archive, endpoint: archiveEndpoint, localAge: try Interval(archiveAfter),
            environment: ProcessInfo.processInfo.environment)
    }

    /// What nobody has asked for need not be had.
    static func listen(_ text: String?, portDefault: UInt16) throws(Problem) -> MetricsService.Listen? {
        guard let text else { return .init(address: "127.0.0.1", port: portDefault, isOptional: true) }
        if text == "none" { return nil }
        let address = try ServerAddress(text, portDefault: Int(portDefault), listens: true)
        return .init(address: address.host, port: UInt16(address.port), isOptional: false)
    }

    private static func text(_ path: String) throws(Problem) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw Problem(
                "file.unreadable", "The file cannot be read.", cause: "\(path): \(error)", remedy: "Check the path.")
        }
    }
}

/// Makes the first token when there is none, and leaves it where only the server's user reads it.
/// - Returns: the token, if it was made now.
@discardableResult
func writeAdminToken(_ tokens: TokenStore, folder: FilePath, logger: Logger) async throws(Problem) -> String? {
    guard try await tokens.list().isEmpty else { return nil }
    let (_, token) = try await tokens.create(label: "first", role: .admin, expiresAt: nil, createdBy: "apus")
    try PrivateFile.write(Data((token + "\n").utf8), to: folder.appending("admin.token").string)
    logger.notice("wrote the first token", metadata: ["file": "\(folder.appending("admin.token"))"])
    return token
}
