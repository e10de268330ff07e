/// The address of a webhook: `https://HOST[:PORT]/PATH[?QUERY]`, in the characters that RFC 3986
/// allows and no others; without a user, a password or a fragment.
///
/// A host is a domain name, four decimal numbers, or an IPv6 address in brackets. Numbers in other
/// notations (`2130706433`, `0x7f.1`) are addresses in disguise, and refused.
package struct WebhookURL: Codable, Hashable, Sendable, CustomStringConvertible {
    private static let bytesMax = 2000
    private static let allowed = Set("-._~:/?[]@!$&'()*+,;=%".utf8)

    package let text: String
    package let isEncrypted: Bool
    /// In lower case, without brackets.
    package let host: String
    package let port: Int

    package var description: String { text }

    /// - Throws: `webhook.invalid`.
    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.bytesMax else { throw Self.invalid("It has \(text.utf8.count) bytes.") }
        guard text.utf8.allSatisfy({ Self.isAlphanumeric($0) || Self.allowed.contains($0) }) else {
            throw Self.invalid("\(quotedForMessage(text)) has a character that is not allowed.")
        }
        let lowered = text.prefix(8).lowercased()
        isEncrypted = lowered.hasPrefix("https://")
        guard isEncrypted || lowered.hasPrefix("http://") else {
            throw Self.invalid("\(quotedForMessage(text)) does not begin with https://.")
        }
        let rest = text.dropFirst(isEncrypted ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else { throw Self.invalid("It has a user or a password before the host.") }
        (host, port) = try Self.parts(of: String(authority), portDefault: isEncrypted ? 443 : 80)
        self.text = text
    }

    package var withoutPath: WebhookURL {
        let end = text.dropFirst(8).firstIndex { $0 == "/" || $0 == "?" } ?? text.endIndex
        return (try? WebhookURL(text[..<end] + "/(not-shown)")) ?? self
    }

    /// Whether the host is this machine, by its text.
    package var isLoopback: Bool { host == "localhost" || host.hasPrefix("127.") && hasAddress || host == "::1" }

    /// Whether the host is written as an address.
    package var hasAddress: Bool { host.contains(":") || host.last?.isNumber == true }

    private static func parts(of authority: String, portDefault: Int) throws(Problem) -> (host: String, port: Int) {
        var host = authority[...]
        var after = authority[authority.endIndex...]
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else {
                throw invalid("The bracket of its host is not closed.")
            }
            host = authority[authority.index(after: authority.startIndex)..<end]
            after = authority[authority.index(after: end)...]
            guard host.contains(":"), host.utf8.count <= 45,
                host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else { throw invalid("\(quotedForMessage(String(host))) is not an IPv6 address.") }
        } else {
            host = authority.prefix { $0 != ":" }
            after = authority[host.endIndex...]
            guard isDomain(host) || isDottedQuad(host) else {
                throw invalid("\(quotedForMessage(String(host))) is not the name or address of a host.")
            }
        }
        guard !after.isEmpty else { return (host.lowercased(), portDefault) }
        let digits = after.dropFirst()
        guard after.first == ":", digits.utf8.count <= 5, digits.utf8.allSatisfy(isDigit), let port = Int(digits),
            (1...65_535).contains(port)
        else { throw invalid("\(quotedForMessage(String(after))) is not a port.") }
        return (host.lowercased(), port)
    }

    private static func isDomain(_ host: Substring) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        // No last label of the world's begins with a digit; every disguised address does.
        guard host.utf8.count <= 253, let last = labels.last?.utf8.first, !isDigit(last) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
                && label.first != "-" && label.last != "-"
        }
    }

    private static func isDottedQuad(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy(isDigit) && (Int(part).map { "\($0)" == part && $0 < 256 } ?? false)
            }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func invalid(_ cause: String) -> Problem {
        Problem(
            "webhook.invalid", "This is not the address of a webhook.", cause: cause,
            remedy: "Write https://HOST/PATH.")
    }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
