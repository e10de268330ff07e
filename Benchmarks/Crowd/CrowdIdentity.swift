import ControlPlane
import Core
import Crypto
import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// A host's key and certificate, as a join would have given them.
struct CrowdIdentity: Sendable {
    let context: NIOSSLContext

    init(_ host: HostName, _ authority: FabricAuthority, trust: [NIOSSLCertificate], at now: Instant) throws {
        let key = P256.Signing.PrivateKey()
        let request = try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName(host.text) },
            privateKey: Certificate.PrivateKey(key), attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
        let issued = try authority.issue(
            requestPEM: try request.serializeAsPEM().pemString, host: host, at: now)
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(trust)
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(issued.pem.utf8))
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(key.pemRepresentation.utf8), format: .pem))
        configuration.shutdownTimeout = .seconds(1)
        context = try NIOSSLContext(configuration: configuration)
    }

    /// One for each host, made on every processor.
    static func all(
        of hosts: [HostName], _ authority: FabricAuthority, at now: Instant
    ) async throws -> [HostName: CrowdIdentity] {
        let trust = try NIOSSLCertificate.fromPEMBytes(Array(authority.certificatePEM.utf8))
        return try await withThrowingTaskGroup(of: [HostName: CrowdIdentity].self) { group in
            for start in stride(from: 0, to: hosts.count, by: 500) {
                let part = hosts[start..<min(start + 500, hosts.count)]
                group.addTask {
                    var made: [HostName: CrowdIdentity] = [:]
                    for host in part { made[host] = try CrowdIdentity(host, authority, trust: trust, at: now) }
                    return made
                }
            }
            return try await group.reduce(into: [:]) { all, part in all.merge(part) { $1 } }
        }
    }
}
