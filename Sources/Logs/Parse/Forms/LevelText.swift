/// Words and numbers that say how serious a line is.
enum LevelText {
    /// The longest word that `LogLevel(word:)` knows.
    private static let bytesMax = 13

    /// Of a word (`WARN`), a syslog severity (0 to 7), or a level of Bunyan and pino (10 to 60).
    static func level(_ text: ByteView) -> LogLevel? {
        guard text.count > 0, text.count <= bytesMax else { return nil }
        if ByteView.isDigit(text[0]) { return text.integer.flatMap(number) }
        return quick(text) ?? LogLevel(word: text.text)
    }

    /// The words that most lines have, without making a string.
    @inline(__always)
    private static func quick(_ text: ByteView) -> LogLevel? {
        switch text.count {
        case 4:
            if text.equalsAnyCase("info") { return .info }
            if text.equalsAnyCase("warn") { return .warn }
        case 5:
            if text.equalsAnyCase("error") { return .error }
            if text.equalsAnyCase("debug") { return .debug }
            if text.equalsAnyCase("trace") { return .trace }
        case 7: if text.equalsAnyCase("warning") { return .warn }
        default: break
        }
        return nil
    }

    private static func number(_ number: Int64) -> LogLevel? {
        switch number {
        case 0...7: LogLevel(syslog: Int(number))
        case 10: .trace
        case 20: .debug
        case 30: .info
        case 40: .warn
        case 50: .error
        case 60: .critical
        default: nil
        }
    }

    /// The level that one of the first words of a text says: `INFO`, `[warn]`, `ERROR:`, `level=error`, `<3>`. Words of
    /// one letter and words within sentences in lower case say nothing.
    static func leading(_ text: ByteView) -> LogLevel? {
        var index = 0
        let end = min(text.count, 96)
        var words = 0
        while index < end, words < 5 {
            while index < end, !isLetter(text[index]) { index += 1 }
            let start = index
            while index < end, ByteView.isWord(text[index]) { index += 1 }
            let count = index - start
            words += 1
            guard count >= 3, count <= bytesMax, index < text.count || words == 1 else { continue }
            let isMarked =
                start > 0 && isOpening(text[start - 1]) || index < text.count && isClosing(text[index])
                || isUpper(text[start]) && isUpper(text[index - 1])
            guard isMarked, let level = level(text.slice(start, index)) else { continue }
            return level
        }
        return nil
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 <= 25 }
    private static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 <= 25 }
    private static func isOpening(_ byte: UInt8) -> Bool {
        byte == 0x5B || byte == 0x3C || byte == 0x7C || byte == 0x28
    }
    private static func isClosing(_ byte: UInt8) -> Bool {
        byte == 0x5D || byte == 0x3E || byte == 0x7C || byte == 0x3A
    }
}
