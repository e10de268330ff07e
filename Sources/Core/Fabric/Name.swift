/// A name that a person chose, checked by an allow-list where it enters.
///
/// Names end up in paths, HAProxy files, environment variables and pages. A value of a `Name`
/// type can carry none of the characters that mean something there, so no later reader has to
/// escape it or to check it again.
package protocol Name: CheckedText {
    /// The glossary's word for what is named, for messages: `app`, `host`.
    static var noun: String { get }
    /// Whether dots are allowed, as in a host's full name.
    static var allowsDots: Bool { get }
    /// For `init(_:)` alone: takes the text without a check.
    init(checked text: String)
}

extension Name {
    package static var allowsDots: Bool { false }
    package static var lengthMax: Int { 63 }

    /// - Throws: `name.invalid` if the text is not a lower-case letter followed by lower-case
    ///   letters, digits and single inner dashes (and dots, where the noun allows them).
    package init(_ text: String) throws(Problem) {
        guard let fault = Self.fault(in: text) else {
            self.init(checked: text)
            return
        }
        throw Problem(
            "name.invalid", "This is not a name for \(Self.noun.withArticle).",
            cause: "\(quotedForMessage(text)) \(fault).",
            remedy:
                "Use 1 to \(Self.lengthMax) lower-case letters, digits and inner dashes\(Self.allowsDots ? " or dots" : ""), starting with a letter."
        )
    }

    private static func fault(in text: String) -> String? {
        let bytes = text.utf8
        guard let first = bytes.first, let last = bytes.last else { return "is empty" }
        guard bytes.count <= lengthMax else { return "has \(bytes.count) bytes" }
        guard isLetter(first) else { return "does not start with a lower-case letter" }
        guard isLetter(last) || isDigit(last) else { return "does not end with a letter or digit" }
        var previousWasLink = false
        for byte in bytes {
            let isLink = byte == UInt8(ascii: "-") || (allowsDots && byte == UInt8(ascii: "."))
            guard isLetter(byte) || isDigit(byte) || isLink else {
                return "has a character that is not allowed"
            }
            if isLink && previousWasLink { return "has two dashes or dots in a row" }
            previousWasLink = isLink
        }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

/// The key of a dictionary whose keys are names: such a dictionary is a JSON object.
package struct TextKey: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }
    package init(_ text: String) { stringValue = text }
    package init(stringValue: String) { self.stringValue = stringValue }
    package init?(intValue: Int) { nil }
}

/// The text in quotes, shortened and with every control or direction character written out, so
/// that a hostile name cannot rewrite the message that reports it.
package func quotedForMessage(_ text: String, lengthMax: Int = 60) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars.prefix(lengthMax) {
        let isPlain = scalar.isASCII ? scalar.value >= 0x20 && scalar.value != 0x7F : scalar.properties.isAlphabetic
        quoted += isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
    }
    if text.unicodeScalars.count > lengthMax { quoted += "…" }
    return quoted + "\""
}

extension String {
    var withArticle: String {
        guard let first else { return self }
        return ("aeiou".contains(first) ? "an " : "a ") + self
    }
}

package struct FabricName: Name {
    package static var noun: String { "fabric" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct RegionName: Name {
    package static var noun: String { "region" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct ZoneName: Name {
    package static var noun: String { "zone" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct HostName: Name {
    package static var noun: String { "host" }
    package static var allowsDots: Bool { true }
    package let text: String
    package init(checked text: String) { self.text = text }

    /// As one node of the path of a series of metrics.
    package var node: String { String(text.map { $0 == "." ? "_" : $0 }) }
}

package struct HostClassName: Name {
    package static var noun: String { "host class" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct AppName: Name {
    package static var noun: String { "app" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct ProcessName: Name {
    package static var noun: String { "process" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct BalancerName: Name {
    package static var noun: String { "balancer" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// The name of a backup: of a folder on the server.
package struct BackupName: Name {
    package static var noun: String { "backup" }
    package let text: String
    package init(checked text: String) { self.text = text }
}
