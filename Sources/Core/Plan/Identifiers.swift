/// What the control plane numbers or names by itself: 1 to 64 letters, digits and inner dashes.
///
/// Identifiers come back in paths of URLs and on command lines, so they are checked like names.
package protocol Identifier: CheckedText {
    /// The glossary's word for what is identified, for messages.
    static var noun: String { get }
    /// For `init(_:)` alone: takes the text without a check.
    init(checked text: String)
}

extension Identifier {
    package static var lengthMax: Int { 64 }

    /// - Throws: `identifier.invalid` for any other character, an outer dash, or a wrong length.
    package init(_ text: String) throws(Problem) {
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isPlain, (1...Self.lengthMax).contains(text.utf8.count), text.first != "-", text.last != "-" else {
            throw Problem(
                "identifier.invalid", "This does not identify \(Self.noun.withArticle).",
                cause: "\(quotedForMessage(text)) was found.",
                remedy: "Use the identifier as Apus printed it: letters, digits and inner dashes.")
        }
        self.init(checked: text)
    }
}

package struct ExecutionID: Identifier {
    package static var noun: String { "execution" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct PlanID: Identifier {
    package static var noun: String { "plan" }
    package let text: String
    package init(checked text: String) { self.text = text }
}

package struct BuildID: Identifier {
    package static var noun: String { "build" }
    package let text: String
    package init(checked text: String) { self.text = text }
}
