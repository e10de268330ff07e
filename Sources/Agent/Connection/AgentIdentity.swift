package import Core
import Crypto
import FoundationEssentials
import SwiftASN1
package import Wire
import X509

/// Who an agent is, and whom it believes: kept in the agent's root folder as one private file, so
/// that key and certificate are never of different joins.
package struct AgentIdentity: Codable, Sendable {
    private static let fileName = "identity.json"

    package var fabric: FabricName
    package var host: HostName
    /// Ed25519 public key that packages are verified with, base64.
    package var packageKey: String
    var privateKeyPEM: String
    var certificatePEM: String
    var authorityPEM: String
    /// SHA-256 of the last join token that was shown to a server: the same is not shown again.
    private var joinTokenHash: String?

    init(host: HostName, key: P256.Signing.PrivateKey, response: JoinResponse, joinToken: JoinToken? = nil) {
        fabric = response.fabric
        self.host = host
        packageKey = response.packageKey
        privateKeyPEM = key.pemRepresentation
        certificatePEM = response.certificate
        authorityPEM = response.authority
        joinTokenHash = joinToken.map(Self.hash)
    }

    /// Whether the host has joined with the token, or has tried to.
    package func knows(_ token: JoinToken) -> Bool { joinTokenHash == Self.hash(token) }

    /// Remembers a token that was refused.
    /// - Throws: `file.failed`.
    package func remember(_ token: JoinToken, folder: String) throws(Problem) -> AgentIdentity {
        var identity = self
        identity.joinTokenHash = Self.hash(token)
        try identity.store(folder: folder)
        return identity
    }

    /// The identity that the folder holds; nil: its agent has not joined.
    /// - Throws: `identity.invalid`, `file.failed`, `file.not-private`.
    package static func load(folder: String) throws(Problem) -> AgentIdentity? {
        guard let bytes = try PrivateFile.read("\(folder)/\(fileName)") else { return nil }
        do {
            return try JSONDecoder().decode(AgentIdentity.self, from: Data(bytes))
        } catch {
            throw invalid("The file `\(fileName)` of the agent's root folder is damaged.")
        }
    }

    /// - Throws: `file.failed`.
    func store(folder: String) throws(Problem) {
        try PrivateFile.makeFolder(folder)
        let bytes: Data
        do {
            bytes = try JSONEncoder().encode(self)
        } catch {
            throw Self.invalid("\(error)")
        }
        try PrivateFile.write(bytes, to: "\(folder)/\(Self.fileName)")
    }

    /// When the agent should ask for its next certificate: two thirds through this one's life.
    var renewsAt: Instant {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM) else { return Instant(milliseconds: 0) }
        let start = certificate.notValidBefore.timeIntervalSince1970
        let end = certificate.notValidAfter.timeIntervalSince1970
        return Instant(milliseconds: Int64((start + (end - start) * 2 / 3) * 1000))
    }

    /// - Throws: `identity.expired`: the server would refuse it, with fewer words.
    func check(at now: Instant) throws(Problem) {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM) else {
            throw Self.invalid("Its certificate cannot be read.")
        }
        guard Double(now.milliseconds) / 1000 <= certificate.notValidAfter.timeIntervalSince1970 else {
            throw Problem(
                "identity.expired", "The agent cannot connect any more.",
                cause: "Its certificate has expired: it was away for too long to renew it.",
                remedy:
                    "Make a new token with `apus token join \(host)`, and start the agent with it; what runs on the "
                    + "host goes on.")
        }
    }

    /// Takes the place of this identity, with a new key.
    /// - Throws: `join.answer-invalid` if the answer is not for this host, key and authority.
    func renewed(key: P256.Signing.PrivateKey, response: JoinResponse) throws(Problem) -> AgentIdentity {
        guard response.fabric == fabric, response.authority == authorityPEM else {
            throw JoinAnswer.invalid("It is from another authority.")
        }
        try JoinAnswer.check(response, key: key)
        var identity = AgentIdentity(host: host, key: key, response: response)
        identity.joinTokenHash = joinTokenHash
        return identity
    }

    private static func hash(_ token: JoinToken) -> String {
        Core.Digest(bytes: SHA256.hash(data: Data(token.text.utf8))).hex
    }

    private static func invalid(_ cause: String) -> Problem {
        Problem(
            "identity.invalid", "The agent does not know who it is.", cause: cause,
            remedy: "Remove the file, and start the agent with a new join token.")
    }
}

/// What an agent asks an authority for, and the checks of what it gets.
enum JoinAnswer {
    static func request(host: HostName, token: String, key: P256.Signing.PrivateKey) throws(Problem) -> JoinRequest {
        do {
            let request = try CertificateSigningRequest(
                version: .v1, subject: try DistinguishedName { CommonName(host.text) },
                privateKey: Certificate.PrivateKey(key), attributes: .init(), signatureAlgorithm: .ecdsaWithSHA256)
            return JoinRequest(
                protocolVersion: AgentProtocol.version, host: host, token: token,
                certificateRequest: try request.serializeAsPEM().pemString)
        } catch {
            throw invalid("The request could not be made: \(error).")
        }
    }

    /// - Throws: `join.answer-invalid` unless the certificate is for the key and by the authority.
    static func check(_ response: JoinResponse, key: P256.Signing.PrivateKey) throws(Problem) {
        guard let certificate = try? Certificate(pemEncoded: response.certificate),
            let authority = try? Certificate(pemEncoded: response.authority)
        else { throw invalid("Its certificates cannot be read.") }
        guard certificate.publicKey == Certificate.PublicKey(key.publicKey),
            authority.publicKey.isValidSignature(certificate.signature, for: certificate)
        else { throw invalid("Its certificate is not for the agent's key, or not by its authority.") }
        guard let packageKey = Data(base64Encoded: response.packageKey), packageKey.count == 32 else {
            throw invalid("Its package key is not one.")
        }
    }

    static func invalid(_ cause: String) -> Problem {
        Problem(
            "join.answer-invalid", "The host did not get a certificate.", cause: cause,
            remedy: "Check that agent and server run the same version of Apus.")
    }
}
