import Core
import NIOCore
import NIOSSL
import Synchronization
import Wire

/// The server's side of TLS: makes a new certificate before the last one expires.
final class GatewayTLS: Sendable {
    private struct Current {
        var certificate: ServerCertificate
        var context: NIOSSLContext
    }

    private let authority: FabricAuthority
    private let names: [String]
    private let now: @Sendable () -> Instant
    private let current = Mutex<Current?>(nil)

    init(authority: FabricAuthority, names: [String], now: @escaping @Sendable () -> Instant) {
        self.authority = authority
        self.names = names
        self.now = now
    }

    /// The handler of one new connection.
    func handler() throws -> NIOSSLServerHandler {
        let now = now()
        let context = try current.withLock { current in
            if let current, !current.certificate.isDue(at: now) { return current.context }
            let certificate = try authority.serverCertificate(names: names, at: now)
            let context = try makeContext(certificate)
            current = Current(certificate: certificate, context: context)
            return context
        }
        return NIOSSLServerHandler(context: context)
    }

    private func makeContext(_ certificate: ServerCertificate) throws -> NIOSSLContext {
        let chain = try certificate.chainPEM.flatMap { try NIOSSLCertificate.fromPEMBytes(Array($0.utf8)) }
        let key = try NIOSSLPrivateKey(bytes: Array(certificate.keyPEM.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key),
            trustRoots: .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.certificatePEM.utf8))))
        configuration.minimumTLSVersion = .tlsv13
        // A host that joins has no certificate yet. One that is shown must be good, and nothing
        // but joining is possible without.
        configuration.certificateVerification = .optionalVerification
        // A peer that is gone does not answer our goodbye: don't wait long for it.
        configuration.shutdownTimeout = .seconds(1)
        return try NIOSSLContext(configuration: configuration)
    }
}
