/// Text of a page. Literals are markup as the programmer wrote it; whatever is interpolated is
/// escaped, unless it is `HTML` itself. So no name, line of output or problem can become markup.
///
/// Attributes are always in double quotes. Nothing is ever interpolated into a script, a style or
/// the name of a tag or attribute: pages have no inline scripts and styles at all.
struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    let text: String

    static let empty = HTML(markup: "")

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }
    private init(markup: String) { text = markup }

    init(joining parts: some Sequence<HTML>) { text = parts.map(\.text).joined() }

    /// The text with everything escaped that means something to a browser, scalar by scalar: a
    /// quote followed by a combining mark is still a quote. Control and direction characters are
    /// written out, since they would change how the text around them reads.
    static func escape(_ text: some StringProtocol) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\n", "\t": escaped.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
                "\u{2066}"..."\u{2069}":
                escaped += "\\u{\(String(scalar.value, radix: 16))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: some StringProtocol) { text += HTML.escape(value) }
        mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            text += HTML.escape(value.description)
        }
        mutating func appendInterpolation(_ value: HTML) { text += value.text }
        mutating func appendInterpolation(_ values: [HTML]) { for value in values { text += value.text } }
    }
}

extension Sequence {
    /// The markup of each element, one after another.
    func html(_ transform: (Element) -> HTML) -> HTML { HTML(joining: map(transform)) }
}

/// Markup for a value that is there.
func html<Value>(_ value: Value?, _ transform: (Value) -> HTML) -> HTML { value.map(transform) ?? .empty }
