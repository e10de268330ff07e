package import Core
import Crypto
import FoundationEssentials
package import Wire

/// What the control plane keeps of a join token: never the token, only its hash.
package struct JoinTokenRecord: Codable, Hashable, Sendable {
    /// SHA-256 of the token's text: the key under which the record is found.
    package var hash: Core.Digest
    package var fabric: FabricName
    package var host: HostName
    package var expiresAt: Instant

    package init(hash: Core.Digest, fabric: FabricName, host: HostName, expiresAt: Instant) {
        self.hash = hash
        self.fabric = fabric
        self.host = host
        self.expiresAt = expiresAt
    }

    /// Whether the token of `record` lets `host` in. Who redeems takes the record away in the
    /// same transaction in which it was found, so that of two agents with one token one joins.
    /// - Parameter record: what is stored under the token's hash; nil: nothing.
    /// - Throws: `join-token.refused`.
    package static func check(
        _ record: JoinTokenRecord?, fabric: FabricName, host: HostName, at now: Instant
    ) throws(Problem) {
        guard let record else { throw refused("It is not known: it was mistyped, or has been used.") }
        guard record.fabric == fabric else { throw refused("It is for another fabric.") }
        guard record.host == host else { throw refused("It is for another host than \(host).") }
        guard now < record.expiresAt else { throw refused("It has expired.") }
    }

    private static func refused(_ cause: String) -> Problem {
        Problem(
            "join-token.refused", "The host was not let in: its join token is not accepted.", cause: cause,
            remedy: "Make a new one with `apus token join HOST`, and join again.")
    }
}

extension JoinToken {
    /// SHA-256 of a token's text. The secret is 256 random bits, so neither salt nor a slow hash
    /// adds anything, and looking a hash up tells nothing about the token by its timing.
    package static func hash(_ text: String) -> Core.Digest { Core.Digest(bytes: SHA256.hash(data: Data(text.utf8))) }

    package var hash: Core.Digest { Self.hash(text) }

    /// A token that nobody has seen, for an agent of the fabric with this authority.
    package static func mint(authorityFingerprint: Core.Digest) -> JoinToken {
        let secret = SymmetricKey(size: SymmetricKeySize(bitCount: secretBytes * 8)).withUnsafeBytes { Data($0) }
        let text = secret.base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        return JoinToken(secret: text, authorityFingerprint: authorityFingerprint)
    }
}
