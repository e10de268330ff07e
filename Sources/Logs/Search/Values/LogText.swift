/// Makes bytes of lines fit to be shown: what steers a terminal or turns text around is taken out, so that a line
/// cannot pass for what it is not.
package enum LogText {
    /// A text without colours, and with `\x1b`, `\u{202e}` and so on for what is no text. Bytes that are no UTF-8
    /// are U+FFFD.
    /// - Parameter keepsLines: whether newlines and tabs stay as they are.
    package static func shown(_ bytes: [UInt8], keepsLines: Bool = false) -> String {
        shown(String(decoding: bytes, as: UTF8.self), keepsLines: keepsLines)
    }

    package static func shown(_ text: String, keepsLines: Bool = false) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        var at = 0
        while at < scalars.count {
            if let length = sequence(scalars, at) {
                at += length
                continue
            }
            let scalar = scalars[at]
            at += 1
            switch scalar {
            case "\n" where keepsLines, "\t" where keepsLines: result.append(scalar)
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            default:
                if steers(scalar) { result.append(contentsOf: escaped(scalar)) } else { result.append(scalar) }
            }
        }
        return String(result)
    }

    /// The length of a sequence that sets colours: `ESC [ … m`. Others are shown for what they are.
    private static func sequence(_ scalars: [Unicode.Scalar], _ start: Int) -> Int? {
        guard scalars[start] == "\u{1B}", start + 1 < scalars.count, scalars[start + 1] == "[" else { return nil }
        var at = start + 2
        while at < scalars.count, at < start + 32, ("0"..."9").contains(scalars[at]) || scalars[at] == ";" { at += 1 }
        return at < scalars.count && scalars[at] == "m" ? at + 1 - start : nil
    }

    /// Control characters, and those that change the direction of what follows or cannot be seen.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200B, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: false
        }
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        let digits = String(scalar.value, radix: 16)
        return scalar.value < 0x100
            ? "\\x\(digits.utf8.count == 1 ? "0" : "")\(digits)".unicodeScalars : "\\u{\(digits)}".unicodeScalars
    }
}
