package import Core
import Crypto
import FoundationEssentials

/// Signs packages with the fabric's Ed25519 key.
package struct PackageSigner: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// Makes a new key.
    package init() { key = Curve25519.Signing.PrivateKey() }

    /// - Parameter privateKeyBase64: what `privateKeyBase64` of another signer said.
    /// - Throws: `package.key-invalid`.
    package init(privateKeyBase64: String) throws(Problem) {
        guard let bytes = Data(base64Encoded: privateKeyBase64),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        else { throw PackageVerifier.invalidKey("private") }
        self.key = key
    }

    /// The 32 bytes of the private key: to be kept where only the server can read it.
    package var privateKeyBase64: String { key.rawRepresentation.base64EncodedString() }
    /// The 32 bytes of the public key, for `PackageVerifier`.
    package var publicKeyBase64: String { key.publicKey.rawRepresentation.base64EncodedString() }

    /// - Throws: `package.version-invalid`; `package.key-invalid` if the key cannot sign.
    package func sign(
        app: AppName, version: String, digest: Core.Digest, size: Int64
    ) throws(Problem) -> PackageReference {
        var reference = PackageReference(app: app, version: version, digest: digest, size: size, signature: "")
        let message = try SignedMessage(reference)
        guard let signature = try? key.signature(for: message.bytes) else {
            throw PackageVerifier.invalidKey("private")
        }
        reference.signature = signature.base64EncodedString()
        return reference
    }
}

/// Checks that packages come from the fabric's own builds.
package struct PackageVerifier: Sendable {
    private let key: Curve25519.Signing.PublicKey

    /// - Throws: `package.key-invalid` unless it is the base64 of an Ed25519 public key.
    package init(publicKeyBase64: String) throws(Problem) {
        guard let bytes = Data(base64Encoded: publicKeyBase64),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes)
        else { throw Self.invalidKey("public") }
        self.key = key
    }

    /// - Throws: `package.signature-invalid` unless the fabric's key has signed exactly this app,
    ///   version, digest and size.
    package func verify(_ reference: PackageReference) throws(Problem) {
        let message = try SignedMessage(reference)
        guard let signature = Data(base64Encoded: reference.signature),
            key.isValidSignature(signature, for: message.bytes)
        else {
            throw Problem(
                "package.signature-invalid", "The package is refused.",
                cause:
                    "The signature of \(reference.app) \(reference.version) (\(reference.digest.short)) is not by the fabric's key.",
                remedy: "Build it again on this fabric's server, or find out who made it.")
        }
    }

    static func invalidKey(_ kind: String) -> Problem {
        Problem(
            "package.key-invalid", "Packages cannot be signed or checked.",
            cause: "The \(kind) key is not the base64 of 32 bytes of an Ed25519 key.",
            remedy: "Restore the fabric's keys from a backup.")
    }
}

/// The bytes that are signed. They start with what they are, so that no other signature of the
/// same key can be passed off as one of a package; and no value can hold the newline that ends it.
struct SignedMessage {
    static let versionBytesMax = 128

    let bytes: Data

    init(_ reference: PackageReference) throws(Problem) {
        let isPlain = reference.version.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._+-".utf8.contains(byte)
            }
        }
        guard isPlain, (1...Self.versionBytesMax).contains(reference.version.utf8.count) else {
            throw Problem(
                "package.version-invalid", "This is not a version of a package.",
                cause: "\(quotedForMessage(reference.version)) was found.",
                remedy: "Use 1 to \(Self.versionBytesMax) letters, digits, dots, underscores, plus signs and dashes.")
        }
        let lines = [
            "apus.package.v1", reference.app.text, reference.version, reference.digest.hex, String(reference.size),
        ]
        bytes = Data(lines.map { $0 + "\n" }.joined().utf8)
    }
}
