package import Core

/// The name of a branch, tag or commit, checked: it can be no option and no expression that reads
/// anything else. `~2` behind it counts back.
package struct GitReference: Codable, Hashable, Sendable, CustomStringConvertible {
    package let text: String

    /// - Throws: `git.reference-invalid`.
    package init(_ text: String) throws(Problem) {
        let isAllowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "~"):
                true
            default: false
            }
        }
        guard isAllowed, (1...255).contains(text.utf8.count), !text.hasPrefix("-"), !text.hasPrefix("/"),
            !text.hasPrefix("."),
            !text.hasSuffix("/"), !text.hasSuffix("."), !Self.hasTwoDots(text)
        else {
            throw Problem(
                "git.reference-invalid", "This does not name a branch, tag or commit.",
                cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write a name such as main, v1.2 or a commit's number.")
        }
        self.text = text
    }

    package var description: String { text }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    private static func hasTwoDots(_ text: String) -> Bool {
        zip(text.utf8, text.utf8.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
    }
}

/// A commit, for people.
package struct GitCommit: Codable, Hashable, Sendable {
    /// 40 (or 64) hexadecimal digits.
    package var id: String
    package var author: String
    package var email: String
    package var at: Instant
    /// The first line of the message.
    package var subject: String

    package init(id: String, author: String, email: String, at: Instant, subject: String) {
        self.id = id
        self.author = author
        self.email = email
        self.at = at
        self.subject = subject
    }

    /// Reads what `git cat-file commit` prints. Control characters are dropped: an author's name
    /// is shown in terminals.
    init(id: String, object: String) {
        var (author, email, seconds) = ("", "", Int64(0))
        let lines = object.split(separator: "\n", omittingEmptySubsequences: false)
        for line in lines.prefix(while: { !$0.isEmpty }) where line.hasPrefix("author ") {
            let words = line.dropFirst(7)
            author = Self.plain(words.prefix { $0 != "<" })
            email = Self.plain(words.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
            seconds = words.split(separator: " ").dropLast().last.flatMap { Int64($0) } ?? 0
        }
        let subject = lines.drop { !$0.isEmpty }.dropFirst().first { !$0.isEmpty } ?? ""
        let milliseconds = (-200_000_000_000...200_000_000_000).contains(seconds) ? seconds * 1000 : 0
        self.init(
            id: id, author: author, email: email, at: Instant(milliseconds: milliseconds), subject: Self.plain(subject))
    }

    private static func plain(_ text: Substring) -> String {
        var plain = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(300) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: continue
            default: plain.append(scalar)
            }
        }
        while plain.last == " " { plain.removeLast() }
        return String(plain)
    }
}
