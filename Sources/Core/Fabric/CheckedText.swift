/// A text that was checked where it entered, and is written, compared and keyed as that text.
package protocol CheckedText: Codable, Hashable, Comparable, Sendable, CustomStringConvertible, CodingKeyRepresentable {
    var text: String { get }
    /// - Throws: what is wrong with the text.
    init(_ text: String) throws(Problem)
}

extension CheckedText {
    package var description: String { text }
    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    package var codingKey: any CodingKey { TextKey(text) }
    package init?<Key: CodingKey>(codingKey: Key) { try? self.init(codingKey.stringValue) }
}
