import Core
import Crypto
import FoundationEssentials

extension Core.Digest {
    /// The SHA-256 of the text's UTF-8.
    static func sha256(of text: String) -> Core.Digest { Core.Digest(bytes: SHA256.hash(data: Data(text.utf8))) }
}
