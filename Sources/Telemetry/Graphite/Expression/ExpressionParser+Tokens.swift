/// The smallest parts of targets: names, values, paths.
extension ExpressionParser {
    var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) { at += 1 }
    }

    /// Letters, digits and `_`, not beginning with a digit.
    mutating func identifier() -> String? {
        let start = at
        while let byte = peek, Self.isWord(byte), at > start || !Self.isDigit(byte) { at += 1 }
        return at == start ? nil : String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// `name=`, stepped over; nil leaves everything where it was.
    mutating func keywordName() -> String? {
        let start = at
        skipSpace()
        if let name = identifier() {
            skipSpace()
            if peek == UInt8(ascii: "=") {
                at += 1
                return name
            }
        }
        at = start
        return nil
    }

    /// A boolean, number, text, `none` or `inf`; nil if what follows is a path or a call.
    mutating func scalar() throws(TelemetryProblem) -> GraphScalar? {
        guard let first = peek else { return nil }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return .string(try text(first)) }
        if first == UInt8(ascii: "-") || Self.isDigit(first) { return number() }
        let start = at
        if let word = identifier() {
            let value: GraphScalar? =
                switch word.lowercased() {
                case "true": .boolean(true)
                case "false": .boolean(false)
                case "none": GraphScalar.none
                case "inf": .number(.infinity)
                default: nil
                }
            if let value, isEndOfArgument { return value }
        }
        at = start
        return nil
    }

    /// Digits, with a fraction and an exponent; only if the argument ends after them.
    private mutating func number() -> GraphScalar? {
        let start = at
        if peek == UInt8(ascii: "-") { at += 1 }
        let digits = at
        skipDigits()
        var isInteger = at > digits
        if isInteger, peek == UInt8(ascii: "."), at + 1 < bytes.count, Self.isDigit(bytes[at + 1]) {
            at += 1
            skipDigits()
            isInteger = false
        }
        if at > digits, let byte = peek, byte | 0x20 == UInt8(ascii: "e") {
            let mantissa = at
            at += 1
            if peek == UInt8(ascii: "-") { at += 1 }
            let exponent = at
            skipDigits()
            if at == exponent { at = mantissa } else { isInteger = false }
        }
        if at > digits, isEndOfArgument {
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            if isInteger, let value = Int(text) { return .integer(value) }
            if let value = Double(text) { return .number(value) }
        }
        at = start
        return nil
    }

    private mutating func skipDigits() {
        while let byte = peek, Self.isDigit(byte) { at += 1 }
    }

    private var isEndOfArgument: Bool {
        var copy = self
        copy.skipSpace()
        return switch copy.peek {
        case nil, UInt8(ascii: ","), UInt8(ascii: ")"): true
        default: false
        }
    }

    /// What stands between quotes. A backslash keeps the quote after it and stays, because nothing is
    /// unescaped.
    private mutating func text(_ quote: UInt8) throws(TelemetryProblem) -> String {
        let start = at
        at += 1
        while let byte = peek, byte != 0x0A, byte != 0x0D {
            if byte == quote {
                if at + 1 < bytes.count, bytes[at + 1] == quote {
                    at += 2
                    continue
                }
                at += 1
                return String(decoding: bytes[(start + 1)..<(at - 1)], as: UTF8.self)
            }
            at += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        at = start
        throw refusal("a text is not closed: \(found)")
    }

    /// Nodes joined by dots; `\` keeps the character after it from its meaning.
    mutating func readPath() throws(TelemetryProblem) -> String {
        var path: [UInt8] = []
        var inBraces = false
        var isNodeEmpty = true
        while let byte = peek {
            switch byte {
            case UInt8(ascii: "\\"):
                at += 1
                guard let next = peek, next > 0x20 else { throw refusal("nothing follows the `\\`") }
                path.append(next)
                isNodeEmpty = false
            case UInt8(ascii: "."):
                if inBraces { throw refusal("a `.` stands in braces, which match within one node") }
                if isNodeEmpty { throw refusal("a node of the path is empty") }
                path.append(byte)
                isNodeEmpty = true
            case UInt8(ascii: "{"):
                if inBraces { throw refusal("braces stand in braces") }
                inBraces = true
                path.append(byte)
            case UInt8(ascii: "}"):
                if !inBraces { throw refusal("`}` has no `{`") }
                inBraces = false
                isNodeEmpty = false
                path.append(byte)
            case UInt8(ascii: ",") where inBraces:
                path.append(byte)
            case 0...0x20, 0x7F, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: "'"),
                UInt8(ascii: "\""), UInt8(ascii: "|"):
                return try endPath(path, inBraces, isNodeEmpty)
            default:
                path.append(byte)
                if !inBraces { isNodeEmpty = false }
            }
            at += 1
        }
        return try endPath(path, inBraces, isNodeEmpty)
    }

    private func endPath(_ path: [UInt8], _ inBraces: Bool, _ isNodeEmpty: Bool) throws(TelemetryProblem) -> String {
        if inBraces { throw refusal("`{` is not closed") }
        if path.isEmpty { throw refusal("a path or a call is missing before \(found)") }
        if isNodeEmpty { throw refusal("a node of the path is empty") }
        return String(decoding: path, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || byte == UInt8(ascii: "_")
            || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
    }
}
