package import Core

/// Where a git repository is, checked: only transports that cannot run a program on this machine.
package enum GitLocation: Codable, Hashable, Sendable, CustomStringConvertible {
    /// Fetched into a mirror: https, ssh, git or file, or `user@host:path`.
    case url(String)
    /// Read where it is.
    case path(String)

    private static let schemes = ["https://", "ssh://", "git://", "file:///"]

    /// - Throws: `git.location-invalid`.
    package init(_ text: String) throws(Problem) {
        func refused(_ cause: String) -> Problem {
            Problem(
                "git.location-invalid", "This is not where a git repository can be.",
                cause: "\(quotedForMessage(text, lengthMax: 120)) \(cause).",
                remedy:
                    "Write https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH, file:///PATH or an absolute path.")
        }
        guard (1...1024).contains(text.utf8.count) else { throw refused("has \(text.utf8.count) bytes") }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
            throw refused("has a space or a control character")
        }
        guard !text.hasPrefix("-") else { throw refused("starts with a dash") }
        if text.hasPrefix("/") {
            self = .path(text)
        } else if let scheme = Self.schemes.first(where: text.hasPrefix) {
            let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
            // ssh would read a host or user that starts with a dash as an option.
            guard scheme == "file:///" || !authority.isEmpty, !authority.hasPrefix("-"), !authority.contains("@-")
            else {
                throw refused("has no usable host")
            }
            self = .url(text)
        } else if Self.isSecureCopyForm(text) {
            self = .url(text)
        } else {
            throw refused("has a transport that is not allowed")
        }
    }

    package var text: String {
        switch self {
        case .url(let text), .path(let text): text
        }
    }

    /// For people: without the password that a URL may carry.
    package var description: String {
        guard case .url(let text) = self, let scheme = text.range(of: "://"),
            let at = text[scheme.upperBound...].prefix(while: { $0 != "/" }).lastIndex(of: "@")
        else { return text }
        let user = text[scheme.upperBound..<at].prefix { $0 != ":" }
        return "\(text[..<scheme.upperBound])\(user)\(text[at...])"
    }

    /// `user@host:path`. A `::` would name a helper program.
    private static func isSecureCopyForm(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), !text.contains("::"), !text.contains("://") else { return false }
        let authority = text[..<colon].split(separator: "@", omittingEmptySubsequences: false)
        let path = text[text.index(after: colon)...]
        return authority.count <= 2 && !path.isEmpty && !path.hasPrefix("-")
            && authority.allSatisfy { part in
                !part.isEmpty && !part.hasPrefix("-")
                    && part.utf8.allSatisfy { byte in
                        Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber
                            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
                    }
            }
    }
}

extension String {
    /// The first place of the text.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
