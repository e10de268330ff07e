import Telemetry

/// A regular expression of a query as RE2 has it, which ClickHouse searches with.
///
/// Python's and RE2's are alike but for classes of characters beyond ASCII, the end of a text, and some escapes. What
/// cannot be said the same is left to this server, which looks at the rows itself.
struct ClickHousePattern {
    let text: String
    /// Whether it finds nothing that the expression itself does not.
    let isExact: Bool

    /// Nil if RE2 may overlook something.
    init?(_ regex: LogRegex) {
        var reader = Reader(Array(regex.text.unicodeScalars))
        guard let body = reader.translate() else { return nil }
        // In a group, where ClickHouse looks for no texts that it believes must be there.
        text = "(?\(regex.ignoresCase ? "i" : "")-s:\(body))"
        isExact = reader.isExact
    }

    /// A text that stands for itself.
    static func escaped(_ text: [UInt8]) -> String {
        var escaped: [UInt8] = []
        for byte in text {
            if LogWord.isPart(byte) || byte == 0x20 {
                escaped.append(byte)
            } else if byte > 0x20, byte < 0x7F {
                escaped += [UInt8(ascii: "\\"), byte]
            } else {
                escaped += Array(hexadecimal(UInt32(byte)).utf8)
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }

    private static func hexadecimal(_ scalar: UInt32) -> String { "\\x{\(String(scalar, radix: 16))}" }

    private struct Reader {
        private static let spaces = #"\x09-\x0d\x1c-\x20"#

        private let scalars: [Unicode.Scalar]
        private var at = 0
        private(set) var isExact = true

        init(_ scalars: [Unicode.Scalar]) { self.scalars = scalars }

        private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

        mutating func translate() -> String? {
            var result = ""
            while let scalar = next {
                at += 1
                switch scalar {
                case "\\":
                    guard let part = escape() else { return nil }
                    result += part
                case "[":
                    guard let part = set() else { return nil }
                    result += part
                case "(":
                    if next == "?" {
                        guard at + 1 < scalars.count, scalars[at + 1] == ":" else { return nil }
                    }
                    result += "("
                case "$":
                    // Also before a newline at the very end, in Python; what would follow could not be.
                    guard next == nil || next == ")" || next == "|" else { return nil }
                    result += #"\n?\z"#
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result
        }

        private mutating func escape() -> String? {
            guard let scalar = next else { return nil }
            at += 1
            switch scalar {
            case "A": return #"\A"#
            case "Z": return #"\z"#
            case "d": return "[0-9]"
            case "D": return "[^0-9]"
            case "s": return "[\(Self.spaces)]"
            case "S": return "[^\(Self.spaces)]"
            case "w":
                isExact = false
                return #"[0-9A-Za-z_\x{80}-\x{10ffff}]"#
            case "n": return #"\n"#
            case "t": return #"\t"#
            case "r": return #"\r"#
            case "f": return #"\f"#
            case "v": return #"\x{0b}"#
            case "0": return #"\x{00}"#
            default:
                guard scalar.value > 0x20, scalar.value < 0x7F, !LogWord.isPart(UInt8(scalar.value)) else {
                    return nil
                }
                return "\\" + String(Character(scalar))
            }
        }

        private mutating func set() -> String? {
            var result = "["
            if next == "^" {
                at += 1
                result += "^"
            }
            var isFirst = true
            while let scalar = next, scalar != "]" || isFirst {
                at += 1
                isFirst = false
                switch scalar {
                case "\\":
                    guard let escaped = next else { return nil }
                    at += 1
                    switch escaped {
                    case "d": result += "0-9"
                    case "s": result += Self.spaces
                    case "n": result += #"\n"#
                    case "t": result += #"\t"#
                    case "r": result += #"\r"#
                    default:
                        guard escaped.value > 0x20, escaped.value < 0x7F, !LogWord.isPart(UInt8(escaped.value)) else {
                            return nil
                        }
                        result += "\\" + String(Character(escaped))
                    }
                case "[", "]", "^": result += "\\" + String(Character(scalar))
                default: result.unicodeScalars.append(scalar)
                }
            }
            guard next == "]" else { return nil }
            at += 1
            return result + "]"
        }
    }
}
