import Crypto
import FoundationEssentials

/// 32 random bytes, and the forms in which they are shown and kept.
///
/// Only the SHA-256 is kept. It needs no salt and no slow hash: nobody can guess 256 bits.
struct Secret: Sendable {
    static let length = 32

    let bytes: [UInt8]

    /// - Parameter entropy: answers that many random bytes.
    init(entropy: @Sendable (Int) -> [UInt8]) { bytes = entropy(Self.length) }

    /// nil unless the text is base64url of 32 bytes, without padding.
    init?(text: some StringProtocol) {
        guard text.utf8.count == 43, text.utf8.allSatisfy(Self.isBase64URL) else { return nil }
        let base64 = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }) + "="
        guard let data = Data(base64Encoded: base64), data.count == Self.length else { return nil }
        bytes = Array(data)
        // The last digit carries two bits that belong to no byte: one secret has one text.
        guard self.text == text else { return nil }
    }

    var text: String {
        String(
            Data(bytes).base64EncodedString().compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }

    var hash: SecretHash { SecretHash(bytes: Array(SHA256.hash(data: bytes))) }

    /// Another secret that follows from this one, for what it may be told apart by.
    func derived(for purpose: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: SymmetricKey(data: bytes))
        return Secret(bytes: Array(code)).text
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// The SHA-256 of a secret, compared without telling by the time taken where two differ.
struct SecretHash: Codable, Sendable {
    let hex: String

    init(bytes: [UInt8]) { hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Names what the secret opens; tells nothing about it.
    var id: String { String(hex.prefix(16)) }

    func isEqual(to other: SecretHash) -> Bool { constantTimeEqual(hex, other.hex) }

    init(from decoder: any Decoder) throws { hex = try decoder.singleValueContainer().decode(String.self) }
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// Whether two texts are equal, in a time that depends on their lengths alone.
func constantTimeEqual(_ left: String, _ right: String) -> Bool {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

/// Random bytes of the kernel.
@Sendable
package func systemEntropy(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
