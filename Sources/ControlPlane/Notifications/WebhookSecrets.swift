package import Core
import Crypto
import FoundationEssentials
import Glibc
package import SystemPackage
import Wire

/// Secrets that git only names, for webhooks, relays and regions: files that only the server's user can read, or variables
/// of its environment. They are read for each use, so that a new one needs no restart.
package struct WebhookSecrets: Sendable {
    private static let bytesMin = 16

    private let folder: FilePath
    private let variable: @Sendable (String) -> String?

    package init(
        folder: FilePath,
        variable: @escaping @Sendable (String) -> String? = { name in getenv(name).map { String(cString: $0) } }
    ) {
        self.folder = folder
        self.variable = variable
    }

    /// A secret as it is, without white space: a password, or a token.
    /// - Throws: `secret.unknown`, `file.not-private`.
    package func text(_ name: SecretName) throws(Problem) -> String {
        let path = folder.appending(name.text)
        let variableName = "APUS_SECRET_" + name.text.uppercased().replacing("-", with: "_")
        let bytes = try PrivateFile.read(path.string) ?? variable(variableName).map { Array($0.utf8) }
        guard let bytes else {
            throw Problem(
                "secret.unknown", "There is no secret \(name).",
                cause: "Neither the file \(path) nor the variable \(variableName) is there.",
                remedy: "Write it into the file, with the mode 0600, on the machine of the server.")
        }
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }

    /// - Throws: `secret.unknown`, `secret.short`, `file.not-private`.
    package func secret(_ name: SecretName) throws(Problem) -> WebhookSecret {
        let text = try text(name)
        // The form in which receivers hand it out: Standard Webhooks, "Signature scheme".
        let key = text.hasPrefix("whsec_") ? Data(base64Encoded: String(text.dropFirst(6))) : Data(text.utf8)
        guard let key, key.count >= Self.bytesMin else {
            throw Problem(
                "secret.short", "The secret \(name) is not used.",
                cause: "It has fewer than \(Self.bytesMin) bytes, or is no base64 after `whsec_`.",
                remedy: "Make one with `openssl rand -hex 32`.")
        }
        return WebhookSecret(key: key)
    }
}

/// Signs what is sent: Standard Webhooks 1.0.0, symmetric signatures.
package struct WebhookSecret: Sendable {
    let key: Data

    /// - Returns: `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
    package func signature(id: String, timestamp: Int64, body: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Data("\(id).\(timestamp).\(body)".utf8), using: SymmetricKey(data: key))
        return "v1,\(Data(code).base64EncodedString())"
    }
}
