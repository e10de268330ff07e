import Core
import Crypto
import FoundationEssentials
import NIOCore
import NIOPosix
import NIOSSL
import SwiftASN1
import Wire
import X509

/// The agent's side of TLS.
enum AgentTLS {
    private static let connectTimeout = TimeAmount.seconds(5)

    /// Connects as the host of the identity.
    ///
    /// The server is known by its certificate for servers, signed by the fabric's authority, which
    /// gives such certificates to nobody but its control plane. Under which name or address it is
    /// reached does not matter: hosts see it through other networks than the server itself.
    static func connect(
        to server: ServerAddress, as identity: AgentIdentity, on eventLoops: any EventLoopGroup
    ) async throws -> FrameChannel {
        var configuration = clientConfiguration()
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(identity.authorityPEM.utf8)))
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificatePEM.utf8))
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(identity.privateKeyPEM.utf8), format: .pem))
        let context = try NIOSSLContext(configuration: configuration)
        return try await connect(to: server, on: eventLoops) {
            try NIOSSLClientHandler(context: context, serverHostname: nil)
        }
    }

    /// Connects without a certificate to a server whose authority is known by its fingerprint only.
    static func connect(
        to server: ServerAddress, authorityFingerprint: Core.Digest, on eventLoops: any EventLoopGroup
    ) async throws -> FrameChannel {
        var configuration = clientConfiguration()
        configuration.certificateVerification = .noHostnameVerification
        let context = try NIOSSLContext(configuration: configuration)
        return try await connect(to: server, on: eventLoops) {
            try NIOSSLClientHandler(context: context, serverHostname: nil) { chain, verdict in
                verdict.succeed(isServer(chain, of: authorityFingerprint) ? .certificateVerified : .failed)
            }
        }
    }

    /// Whether the chain starts with a certificate for servers, by the authority of that
    /// fingerprint, and valid now.
    private static func isServer(_ chain: [NIOSSLCertificate], of fingerprint: Core.Digest) -> Bool {
        let encoded = chain.compactMap { try? $0.toDERBytes() }
        guard let authorityBytes = encoded.first(where: { Core.Digest(bytes: SHA256.hash(data: $0)) == fingerprint }),
            let authority = try? Certificate(derEncoded: authorityBytes),
            let leafBytes = encoded.first, let leaf = try? Certificate(derEncoded: leafBytes),
            authority.publicKey.isValidSignature(leaf.signature, for: leaf),
            let usage = try? leaf.extensions.extendedKeyUsage
        else { return false }
        return usage.contains(.serverAuth) && leaf.notValidBefore <= Date.now && Date.now <= leaf.notValidAfter
    }

    private static func clientConfiguration() -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }

    private static func connect(
        to server: ServerAddress, on eventLoops: any EventLoopGroup,
        handler: @escaping @Sendable () throws -> NIOSSLClientHandler
    ) async throws -> FrameChannel {
        try await ClientBootstrap(group: eventLoops)
            .connectTimeout(connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: server.host, port: server.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(try handler())
                    return try FrameChannel.wrapping(channel)
                }
            }
    }
}
