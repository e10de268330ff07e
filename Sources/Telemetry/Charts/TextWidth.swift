/// How wide text is, about: the program that draws it has the fonts, we do not.
enum TextWidth {
    /// In user units, rather too much than too little.
    static func of(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + width(of: $1) } * size
    }

    /// The text, or its ends around an ellipsis, so that it fits: the end of a series' name tells more than
    /// its middle.
    static func fitting(_ text: String, size: Double, into room: Double) -> String {
        guard of(text, size: size) > room else { return text }
        let scalars = Array(text.unicodeScalars.prefix(2048))
        var (head, tail, left) = (0, scalars.count, room - size)
        while head < tail {
            let takesHead = head <= scalars.count - tail
            let next = width(of: takesHead ? scalars[head] : scalars[tail - 1]) * size
            guard next <= left else { break }
            left -= next
            if takesHead { head += 1 } else { tail -= 1 }
        }
        var fitting = String.UnicodeScalarView()
        fitting.append(contentsOf: scalars[..<head])
        fitting.append("…")
        fitting.append(contentsOf: scalars[tail...])
        return String(fitting)
    }

    private static func width(of scalar: Unicode.Scalar) -> Double {
        switch scalar {
        case "i", "j", "l", "I", ".", ",", ":", ";", "|", "'", "!", " ", "\u{A0}": 0.34
        case "m", "w", "M", "W", "%", "@": 0.93
        case "A"..."Z": 0.7
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{200E}", "\u{200F}", "\u{2028}"..."\u{202E}",
            "\u{2066}"..."\u{2069}":
            3.5
        case "\u{1100}"..."\u{115F}", "\u{2E80}"..."\u{A4CF}", "\u{AC00}"..."\u{D7A3}", "\u{F900}"..."\u{FAFF}",
            "\u{FF00}"..."\u{FF60}", "\u{1F300}"..."\u{1FAFF}", "\u{20000}"..."\u{3FFFD}":
            1.05
        default: 0.59
        }
    }
}
