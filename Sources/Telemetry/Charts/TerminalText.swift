/// Text for a terminal: nothing in it moves the cursor, colours, or changes the order of letters.
package enum TerminalText {
    /// The text without such characters (each becomes `·`), at most `columns` wide; what is longer ends in `…`.
    package static func fitting(_ text: String, columns: Int) -> String {
        var shown = String.UnicodeScalarView()
        var width = 0
        for scalar in text.unicodeScalars {
            let scalar: Unicode.Scalar = isHarmful(scalar) ? "·" : scalar
            let next = columnCount(of: scalar)
            guard width + next <= columns else {
                while let last = shown.last, width + 1 > columns {
                    width -= columnCount(of: last)
                    shown.removeLast()
                }
                if columns > 0 { shown.append("…") }
                break
            }
            shown.append(scalar)
            width += next
        }
        return String(shown)
    }

    /// Filled up with spaces: at the end, or at the beginning for what is aligned to the right.
    package static func padded(_ text: String, columns: Int, toRight: Bool = false) -> String {
        let shown = fitting(text, columns: columns)
        let room = String(repeating: " ", count: max(0, columns - columnCount(of: shown)))
        return toRight ? room + shown : shown + room
    }

    package static func columnCount(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + columnCount(of: $1) }
    }

    private static func columnCount(of scalar: Unicode.Scalar) -> Int {
        switch scalar {
        case "\u{300}"..."\u{36F}", "\u{FE00}"..."\u{FE0F}", "\u{200B}"..."\u{200D}": 0
        case "\u{1100}"..."\u{115F}", "\u{2E80}"..."\u{A4CF}", "\u{AC00}"..."\u{D7A3}", "\u{F900}"..."\u{FAFF}",
            "\u{FF00}"..."\u{FF60}", "\u{1F300}"..."\u{1FAFF}", "\u{20000}"..."\u{3FFFD}":
            2
        default: 1
        }
    }

    private static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
            "\u{2066}"..."\u{2069}", "\u{FEFF}":
            true
        default: false
        }
    }
}
