package import Core

/// What lets one agent join once: a secret, and the fingerprint of the authority that it must
/// find at the other end. As text `apus-join-SECRET.FINGERPRINT`: the secret is 32 random bytes
/// in URL-safe base64 without padding, the fingerprint the SHA-256 of the authority's DER.
package struct JoinToken: Hashable, Sendable {
    package static let prefix = "apus-join-"
    package static let secretBytes = 32
    private static let secretLength = 43

    package let secret: String
    package let authorityFingerprint: Digest

    package init(secret: String, authorityFingerprint: Digest) {
        self.secret = secret
        self.authorityFingerprint = authorityFingerprint
    }

    /// - Throws: `join-token.invalid` unless the text is a whole token.
    package init(_ text: String) throws(Problem) {
        let parts = text.dropFirst(Self.prefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard text.hasPrefix(Self.prefix), parts.count == 2, parts[0].utf8.count == Self.secretLength,
            parts[0].utf8.allSatisfy(Self.isSecretCharacter), let fingerprint = try? Digest(String(parts[1]))
        else {
            // The text itself is not repeated: it may be most of a secret.
            throw Problem(
                "join-token.invalid", "This is not a join token.",
                cause: "A token is `\(Self.prefix)`, a secret, a dot and 64 hexadecimal digits.",
                remedy: "Copy the whole line that `apus token` printed for this host.")
        }
        self.init(secret: String(parts[0]), authorityFingerprint: fingerprint)
    }

    package var text: String { "\(Self.prefix)\(secret).\(authorityFingerprint)" }

    private static func isSecretCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
