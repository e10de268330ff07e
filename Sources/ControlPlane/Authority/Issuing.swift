package import Core
import Crypto
import FoundationEssentials
import Glibc
import SwiftASN1
import X509

/// A certificate that the authority gave to an agent.
package struct IssuedCertificate: Hashable, Sendable {
    package var pem: String
    /// Lower-case hexadecimal digits: what a revocation names.
    package var serial: String
    package var expiresAt: Instant
}

/// What a server shows: its certificate and the authority's, and its key, in PEM.
package struct ServerCertificate: Sendable {
    package var chainPEM: [String]
    package var keyPEM: String
    package var issuedAt: Instant
    package var expiresAt: Instant

    /// Whether two thirds of its life are over.
    package func isDue(at now: Instant) -> Bool {
        (now - issuedAt).milliseconds * 3 >= (expiresAt - issuedAt).milliseconds * 2
    }
}

extension FabricAuthority {
    package static let agentLifetime = Interval(milliseconds: 90 * 86_400_000)
    package static let serverLifetime = Interval(milliseconds: 365 * 86_400_000)

    /// A certificate for an agent's own key. Nothing of the request is taken over but the key:
    /// names and rights are the authority's to give.
    /// - Parameter requestPEM: PKCS #10, signed with the key that it carries (P-256).
    /// - Throws: `certificate-request.invalid`.
    package func issue(
        requestPEM: String, host: HostName, at now: Instant, lifetime: Interval = agentLifetime
    ) throws(Problem) -> IssuedCertificate {
        guard requestPEM.utf8.count <= 16 << 10, let request = try? CertificateSigningRequest(pemEncoded: requestPEM)
        else {
            throw Self.refusedRequest("It is not a PKCS #10 request in PEM.")
        }
        guard P256.Signing.PublicKey(request.publicKey) != nil else {
            throw Self.refusedRequest("Its key is not of the curve P-256.")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw Self.refusedRequest("It is not signed with its own key.")
        }
        let identity = HostIdentity(fabric: fabric, host: host)
        return try Self.wrap {
            let certificate = try sign(
                request.publicKey, subject: DistinguishedName { CommonName(host.text) },
                names: [.uniformResourceIdentifier(identity.uri)], usage: .clientAuth, from: now, lifetime: lifetime)
            return IssuedCertificate(
                pem: try certificate.serializeAsPEM().pemString, serial: certificate.serialNumber.hex,
                expiresAt: now + lifetime)
        }
    }

    /// A new key and certificate for the agents' port or the API.
    /// - Parameter names: DNS names and addresses under which people and browsers reach it.
    /// - Throws: `authority.invalid`.
    package func serverCertificate(names: [String], at now: Instant) throws(Problem) -> ServerCertificate {
        try Self.wrap {
            let key = P256.Signing.PrivateKey()
            let certificate = try sign(
                Certificate.PublicKey(key.publicKey),
                subject: DistinguishedName { CommonName("Apus server of \(fabric)") },
                names: [.uniformResourceIdentifier("apus://\(fabric)/server")] + names.map(Self.generalName),
                usage: .serverAuth, from: now, lifetime: Self.serverLifetime)
            return ServerCertificate(
                chainPEM: [try certificate.serializeAsPEM().pemString, certificatePEM], keyPEM: key.pemRepresentation,
                issuedAt: now, expiresAt: now + Self.serverLifetime)
        }
    }

    /// Whose certificate this is. Whether the authority signed it is TLS's to check.
    /// - Parameter der: the certificate.
    /// - Throws: `agent.certificate-refused` unless it is that of a host of this fabric.
    package func holder(ofCertificate der: [UInt8]) throws(Problem) -> (host: HostName, serial: String) {
        guard let certificate = try? Certificate(derEncoded: der),
            let names = try? certificate.extensions.subjectAlternativeNames
        else { throw Self.refusedCertificate("It cannot be read.") }
        let identities = names.compactMap { name in
            if case .uniformResourceIdentifier(let uri) = name { HostIdentity(uri: uri) } else { nil }
        }
        guard identities.count == 1, let identity = identities.first else {
            throw Self.refusedCertificate("It does not name one host.")
        }
        guard identity.fabric == fabric else {
            throw Self.refusedCertificate("It is for the fabric \(identity.fabric).")
        }
        return (identity.host, certificate.serialNumber.hex)
    }

    private func sign(
        _ publicKey: Certificate.PublicKey, subject: DistinguishedName, names: [GeneralName],
        usage: ExtendedKeyUsage.Usage, from now: Instant, lifetime: Interval
    ) throws -> Certificate {
        try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: (now + Interval(milliseconds: -Self.backdating.milliseconds)).certificateDate,
            notValidAfter: (now + lifetime).certificateDate, issuer: certificate.subject, subject: subject,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
                SubjectAlternativeNames(names)
                AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
            },
            issuerPrivateKey: key)
    }

    private static func generalName(_ text: String) -> GeneralName {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 {
                return .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
            }
        }
        return .dnsName(text)
    }

    private static func refusedRequest(_ cause: String) -> Problem {
        Problem(
            "certificate-request.invalid", "No certificate was given.", cause: cause,
            remedy: "Join with the agent of this version of Apus, which makes the request itself.")
    }

    private static func refusedCertificate(_ cause: String) -> Problem {
        Problem(
            "agent.certificate-refused", "The agent's certificate is not accepted.", cause: cause,
            remedy: "Let the host join again, with a new token.")
    }
}

extension Certificate.SerialNumber {
    fileprivate var hex: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
