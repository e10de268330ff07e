/// Bytes of a repository that are to be read as text by a person or a parser.
enum SourceText {
    /// Characters that change the direction of what is shown after them: a file with one of them
    /// does not say what it seems to say.
    private static let directionMarks: Set<Unicode.Scalar> = [
        "\u{061C}", "\u{200E}", "\u{200F}", "\u{202A}", "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}", "\u{2066}",
        "\u{2067}", "\u{2068}", "\u{2069}",
    ]

    /// The text, or nil after the reason was reported.
    static func checked(_ bytes: [UInt8], file: String, bytesMax: Int, log: DiagnosticLog) -> String? {
        guard bytes.count <= bytesMax else {
            log.error(
                "file.size", at: SourcePosition(file: file), "The file is larger than \(bytesMax >> 10) KiB.",
                cause: "It has \(bytes.count) bytes.", hint: "split it, or keep it outside of the configuration")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let valid = validPrefix(of: bytes)
            log.add(file: file, text: valid)
            log.error(
                "text.encoding", at: position(after: valid.unicodeScalars, file: file),
                "The file is not UTF-8 from here on.",
                hint: "save it as UTF-8")
            return nil
        }
        if let index = text.unicodeScalars.firstIndex(where: isRefused) {
            let scalar = text.unicodeScalars[index]
            let code = directionMarks.contains(scalar) ? "text.direction" : "text.control"
            let what =
                directionMarks.contains(scalar)
                ? "a character that changes the direction of text" : "a control character"
            log.add(file: file, text: text)
            log.error(
                code, at: position(after: text.unicodeScalars[..<index], file: file), "The file has \(what).",
                cause: "U+\(String(scalar.value, radix: 16, uppercase: true)) was found.",
                hint: "remove it, or write it as an escape in double quotes")
            return nil
        }
        return text
    }

    private static func isRefused(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case 0..<0x20, 0x7F..<0xA0: true
        case 0..<0x0600: false
        default: directionMarks.contains(scalar)
        }
    }

    private static func validPrefix(of bytes: [UInt8]) -> String {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var prefix = ""
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                prefix.unicodeScalars.append(scalar)
            case .emptyInput, .error: return prefix
            }
        }
    }

    private static func position<Scalars: Collection<Unicode.Scalar>>(after scalars: Scalars, file: String)
        -> SourcePosition
    {
        var (line, column) = (1, 1)
        for scalar in scalars {
            if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
        }
        return SourcePosition(file: file, line: line, column: column)
    }
}
