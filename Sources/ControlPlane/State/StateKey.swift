package import Core

/// Where a value is kept: `releases/shop/0000000007`.
///
/// Keys are printable ASCII without spaces, so their order as text is their order as bytes in
/// every store. They are made of checked names and numbers and are never shown to a shell.
package struct StateKey: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let lengthMax = 512

    package let text: String

    /// - Throws: `state.key-invalid` unless the text is 1 to 512 bytes of printable ASCII.
    package init(_ text: String) throws(Problem) {
        guard (1...Self.lengthMax).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Problem(
                "state.key-invalid", "This is not a key of the state store.",
                cause: "\(quotedForMessage(text)) has \(text.utf8.count) bytes or a character that is not allowed.",
                remedy: "Use 1 to \(Self.lengthMax) bytes of printable ASCII without spaces.")
        }
        self.text = text
    }

    package var description: String { text }
    package static func < (left: StateKey, right: StateKey) -> Bool { left.text < right.text }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// A number as part of a key: ten digits, so that keys sort as their numbers do.
    package static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 10 - text.count)) + text
    }
}

/// A half-open range of keys, in the order of their bytes.
package struct KeyRange: Hashable, Sendable {
    package let lower: String
    /// The first text behind the range; nil: no end.
    package let upper: String?

    package static let all = KeyRange(lower: "", upper: nil)

    /// Every key that starts with the text.
    package static func prefix(_ prefix: String) -> KeyRange {
        var scalars = Array(prefix.unicodeScalars)
        guard let last = scalars.popLast() else { return .all }
        // Keys are ASCII below DEL: the scalar behind the prefix's last one is always there.
        let next = Unicode.Scalar(min(last.value, 0x7E) + 1) ?? "\u{7F}"
        var upper = String.UnicodeScalarView()
        upper.append(contentsOf: scalars)
        upper.append(next)
        return KeyRange(lower: prefix, upper: String(upper))
    }

    package static func from(_ lower: StateKey, to upper: StateKey) -> KeyRange {
        KeyRange(lower: lower.text, upper: upper.text)
    }

    package static func only(_ key: StateKey) -> KeyRange { KeyRange(lower: key.text, upper: key.text + "\u{1}") }

    package func contains(_ key: StateKey) -> Bool {
        key.text >= lower && (upper.map { key.text < $0 } ?? true)
    }
}
