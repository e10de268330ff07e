import Core
import Wire

/// How a piece of text looks on a terminal that shows colours. Nothing is said by style alone.
enum Style: String, Sendable {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"

    init(_ colour: Colour) {
        switch colour {
        case .green: self = .green
        case .yellow: self = .yellow
        case .red: self = .red
        }
    }
}

/// A line of text in pieces that may differ in style. It can hold no control character: what
/// servers, apps and files say cannot rewrite the terminal that shows it.
struct StyledText: Hashable, Sendable, ExpressibleByStringInterpolation {
    private struct Piece: Hashable, Sendable {
        var text: String
        var style: Style?
    }

    private var pieces: [Piece]

    init(_ text: String, _ style: Style? = nil) { pieces = [Piece(text: Self.printable(text), style: style)] }
    init(stringLiteral text: String) { self.init(text) }
    private init(pieces: [Piece]) { self.pieces = pieces }

    static func + (left: StyledText, right: StyledText) -> StyledText { StyledText(pieces: left.pieces + right.pieces) }

    /// Columns on a terminal.
    var width: Int { pieces.reduce(0) { $0 + $1.text.reduce(0) { $0 + Self.width($1) } } }
    var isEmpty: Bool { pieces.allSatisfy(\.text.isEmpty) }

    /// At most so wide; what is cut off is replaced by `…`.
    func elided(to widthMax: Int) -> StyledText {
        guard width > widthMax else { return self }
        guard widthMax > 0 else { return "" }
        var rest = widthMax - 1
        var kept: [Piece] = []
        for piece in pieces {
            var text = ""
            for character in piece.text {
                rest -= Self.width(character)
                guard rest >= 0 else {
                    while text.last == " " { text.removeLast() }
                    return StyledText(pieces: kept + [Piece(text: text + "…", style: piece.style)])
                }
                text.append(character)
            }
            kept.append(Piece(text: text, style: piece.style))
        }
        return self
    }

    func padded(to width: Int, right: Bool = false) -> StyledText {
        let space = StyledText(String(repeating: " ", count: max(0, width - self.width)))
        return right ? space + self : self + space
    }

    /// - Parameter colour: whether styles become ANSI sequences (ECMA-48, SGR).
    func rendered(colour: Bool) -> String {
        var text = pieces.map { piece in
            guard colour, let style = piece.style, !piece.text.isEmpty else { return piece.text }
            return "\u{1B}[\(style.rawValue)m\(piece.text)\u{1B}[0m"
        }.joined()
        while text.last == " " { text.removeLast() }
        return text
    }

    private static func printable(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var printable = String.UnicodeScalarView()
        var isInSequence = false
        for scalar in text.unicodeScalars {
            // Colours that an app or a build writes for a terminal are left out whole.
            if isInSequence {
                if ("@"..."~").contains(scalar), scalar != "[" { isInSequence = false }
                continue
            }
            if scalar == "\u{1B}" {
                isInSequence = true
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
                printable.append(scalar == "\t" ? " " : "·")
            default: printable.append(scalar)
            }
        }
        return String(printable)
    }

    /// East Asian wide characters and emoji take two columns (Unicode Annex 11, in outline).
    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first, first.value >= 0x1100 else { return 1 }
        switch first.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension [StyledText] {
    func joined(separator: StyledText = "") -> StyledText {
        var joined: StyledText?
        for text in self { joined = joined.map { $0 + separator + text } ?? text }
        return joined ?? ""
    }
}
