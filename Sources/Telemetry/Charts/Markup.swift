/// Text of an SVG or HTML document. Literals are markup as the programmer wrote it; whatever is interpolated
/// is escaped, unless it is `Markup` itself. So no name of a series can become markup.
///
/// Attributes are always in double quotes. Nothing is ever interpolated into a script, a style, or the name
/// of a tag or attribute.
package struct Markup: Sendable, Hashable, ExpressibleByStringInterpolation {
    package let text: String

    package static let empty = Markup(verified: "")

    package init(stringLiteral text: String) { self.text = text }
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    private init(verified text: String) { self.text = text }

    package init(joining parts: some Sequence<Markup>) {
        var text = ""
        for part in parts { text += part.text }
        self.text = text
    }

    /// The text with everything escaped that means something to XML or HTML, scalar by scalar: a quote
    /// followed by a combining mark is still a quote. Control and direction characters are written out,
    /// since XML forbids the first and the others would change how the text around them reads.
    package static func escape(_ text: some StringProtocol) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
                "\u{2066}"..."\u{2069}", "\u{FFFE}", "\u{FFFF}":
                escaped += "\\u{\(String(scalar.value, radix: 16))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 8)
        }

        package mutating func appendLiteral(_ literal: String) { text += literal }
        package mutating func appendInterpolation(_ value: some StringProtocol) { text += Markup.escape(value) }
        package mutating func appendInterpolation(_ value: some FixedWidthInteger) { text += String(value) }
        /// A coordinate, in user units, to a tenth.
        package mutating func appendInterpolation(_ value: Double) { text += DecimalText.trimmed(value, decimals: 1) }
        package mutating func appendInterpolation(_ value: Markup) { text += value.text }
        package mutating func appendInterpolation(_ values: [Markup]) { for value in values { text += value.text } }
    }
}

extension Sequence {
    /// The markup of each element, one after another.
    package func markup(_ transform: (Element) -> Markup) -> Markup { Markup(joining: map(transform)) }
}
