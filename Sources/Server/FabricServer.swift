package import ControlPlane
package import Core
import FoundationEssentials
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
import Wire

/// The API and the dashboard of one fabric, over HTTP.
package struct FabricServer: Service {
    package struct Configuration: Sendable {
        /// PEM texts of what the server shows to its clients.
        package struct Certificate: Sendable {
            package var chain: String
            package var key: String

            package init(chain: String, key: String) {
                self.chain = chain
                self.key = key
            }
        }

        /// An address of this machine.
        package var address: String
        /// 0: one that is free.
        package var port: Int
        /// nil: plain HTTP, which only a loopback address may use.
        package var certificate: Certificate?
        package var version: String

        package init(address: String = "127.0.0.1", port: Int = 2787, certificate: Certificate? = nil, version: String)
        {
            self.address = address
            self.port = port
            self.certificate = certificate
            self.version = version
        }
    }

    private let configuration: Configuration
    private let operations: any FabricOperations
    private let metrics: any MetricsOperations
    private let logs: any LogsOperations
    private let access: any AccessOperations
    private let logger: Logger
    private let now: @Sendable () -> Instant
    private let onBound: @Sendable (_ port: Int) async -> Void

    /// - Parameters:
    ///   - now: the time that pages are shown at.
    ///   - onBound: called once requests are taken, with the port.
    /// - Throws: `server.insecure` for plain HTTP on anything but a loopback address.
    package init(
        configuration: Configuration, operations: any FabricOperations, metrics: any MetricsOperations,
        logs: any LogsOperations, access: any AccessOperations, logger: Logger,
        now: @escaping @Sendable () -> Instant = { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
        onBound: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(Problem) {
        let parts = configuration.address.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopback =
            ["::1", "localhost"].contains(configuration.address)
            || (parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil })
        guard isLoopback || configuration.certificate != nil else {
            throw Problem(
                "server.insecure", "The server does not start.",
                cause: "\(configuration.address) can be reached by other machines, and there is no certificate.",
                remedy: "Give a certificate and its key, or listen on 127.0.0.1.")
        }
        self.configuration = configuration
        self.operations = operations
        self.metrics = metrics
        self.logs = logs
        self.access = access
        self.logger = logger
        self.now = now
        self.onBound = onBound
    }

    /// Serves until it is shut down: then streams end, and requests that were begun are answered.
    package func run() async throws {
        let (router, _) = makeRouter()
        var builder = HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(60)))
        if let certificate = configuration.certificate {
            builder = try .tls(builder, tlsConfiguration: Self.tls(certificate))
        }
        let application = Application(
            router: router, server: builder,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.address, port: configuration.port)),
            onServerRunning: { [onBound] channel in await onBound(channel.localAddress?.port ?? 0) }, logger: logger)
        do {
            try await application.run()
        } catch let error as IOError {
            throw Problem(
                "server.bind-failed", "The server does not start.",
                cause: "\(configuration.address):\(configuration.port) cannot be listened on: \(error).",
                remedy: "End what listens there, or choose another port.")
        }
    }

    /// The router, and every route that it has a handler for.
    func makeRouter() -> (Router<BasicRequestContext>, [Route]) {
        let counters = ServerCounters()
        let streams = StreamLimit()
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        let isSecure = configuration.certificate != nil
        router.add(middleware: Frontdoor(counters: counters, isSecure: isSecure, page: ProblemPage.response))
        var board = Switchboard(router: router, gate: Gate(fabric: operations.fabric, access: access))
        ReadingEndpoints(operations: operations, streams: streams, version: configuration.version).register(on: &board)
        ActingEndpoints(operations: operations, access: access).register(on: &board)
        ServerEndpoints(
            operations: operations, metrics: metrics, counters: counters, streams: streams,
            version: configuration.version
        ).register(on: &board)
        MetricsEndpoints(metrics: metrics, now: now).register(on: &board)
        GraphiteEndpoints(metrics: metrics, now: now).register(on: &board)
        LogsEndpoints(logs: logs, streams: streams, now: now).register(on: &board)
        LogAcceptEndpoints(logs: logs, now: now).register(on: &board)
        RawLogEndpoints(logs: logs, now: now).register(on: &board)
        let pages = PageContext(
            operations: operations, metrics: metrics, logs: logs, access: access, isSecure: isSecure, now: now)
        SessionPages(context: pages).register(on: &board)
        FabricPages(context: pages).register(on: &board)
        AppPages(context: pages).register(on: &board)
        ControlPages(context: pages).register(on: &board)
        ExecutionPages(context: pages).register(on: &board)
        GraphPages(context: pages).register(on: &board)
        LogPages(context: pages).register(on: &board)
        return (router, board.registered)
    }

    private static func tls(_ certificate: Configuration.Certificate) throws -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8))
            let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw Problem(
                "server.certificate-invalid", "The server does not start.",
                cause: "Its certificate or key cannot be read: \(error).",
                remedy: "Give PEM files that belong together.")
        }
    }
}
