import Telemetry

/// Reads the language of docs/logs-query.md: which lines, by recursive descent. The pipes behind are in
/// LogQueryParser+Stages.swift.
struct LogQueryParser {
    let bytes: [UInt8]
    var at = 0
    private var depth = 0
    private var terms = 0

    init(_ text: String) throws(TelemetryProblem) {
        bytes = Array(text.utf8)
        guard bytes.count <= LogQuery.bytesMax else {
            throw Self.tooLarge("It has \(bytes.count) bytes, and \(LogQuery.bytesMax) are allowed.")
        }
    }

    mutating func parse() throws(TelemetryProblem) -> LogQuery {
        var filter = LogExpression.all
        skipBlanks()
        if at < bytes.count, bytes[at] != UInt8(ascii: "|") { filter = try alternatives() }
        if next == UInt8(ascii: ")") {
            throw unexpected("a `(` before this `)`", "Leave it out, or write it in quotes.")
        }
        return LogQuery(filter: filter, stages: try stages())
    }

    var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    func peek(_ offset: Int) -> UInt8? { at + offset < bytes.count ? bytes[at + offset] : nil }

    mutating func skipBlanks() {
        while let byte = next, Self.isBlank(byte) { at += 1 }
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }

    /// Whether a bare word ends before a byte.
    static func isDelimiter(_ byte: UInt8?) -> Bool {
        guard let byte else { return true }
        return isBlank(byte) || byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")") || byte == UInt8(ascii: "|")
            || byte == UInt8(ascii: "\"")
    }

    // MARK: Expressions

    private mutating func alternatives() throws(TelemetryProblem) -> LogExpression {
        var parts = [try conjunction()]
        while takeKeyword("or") { parts.append(try conjunction()) }
        return parts.count == 1 ? parts[0] : .any(of: parts)
    }

    private mutating func conjunction() throws(TelemetryProblem) -> LogExpression {
        var parts: [LogExpression] = []
        while true {
            skipBlanks()
            guard let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")"), !isKeyword("or") else { break }
            if !parts.isEmpty, takeKeyword("and") { skipBlanks() }
            parts.append(try negation())
        }
        guard !parts.isEmpty else { throw unexpected("a word, a phrase or `field:value`", nil) }
        return .all(of: parts)
    }

    private mutating func negation() throws(TelemetryProblem) -> LogExpression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= LogQuery.depthMax else {
            throw Self.tooLarge("Parentheses and `not` are nested deeper than \(LogQuery.depthMax).")
        }
        if takeKeyword("not") {
            skipBlanks()
            return .not(try negation())
        }
        if next == UInt8(ascii: "-") || next == UInt8(ascii: "!"), let second = peek(1), !Self.isBlank(second),
            second != UInt8(ascii: ")"), second != UInt8(ascii: "|")
        {
            at += 1
            return .not(try negation())
        }
        if next == UInt8(ascii: "(") {
            let start = at
            at += 1
            skipBlanks()
            if next == UInt8(ascii: ")") { throw unexpected("a word between `(` and `)`", nil) }
            let inner = try alternatives()
            guard next == UInt8(ascii: ")") else {
                throw invalid(at: start, "this `(` is not closed", "Write a `)` behind what belongs together.")
            }
            at += 1
            return inner
        }
        if next == UInt8(ascii: "*"), Self.isDelimiter(peek(1)) {
            at += 1
            return .all
        }
        terms += 1
        guard terms <= LogQuery.termsMax else {
            throw Self.tooLarge("It has more than \(LogQuery.termsMax) terms.")
        }
        return .term(try term())
    }

    /// Whether a word of the language stands here: in small or in capital letters, and by itself.
    private func isKeyword(_ word: String) -> Bool {
        let end = at + word.utf8.count
        guard end <= bytes.count, Self.isDelimiter(end < bytes.count ? bytes[end] : nil) else { return false }
        let found = bytes[at..<end]
        return found.elementsEqual(word.utf8) || found.elementsEqual(word.uppercased().utf8)
    }

    private mutating func takeKeyword(_ word: String) -> Bool {
        skipBlanks()
        guard isKeyword(word) else { return false }
        at += word.utf8.count
        return true
    }

    // MARK: Terms

    private mutating func term() throws(TelemetryProblem) -> LogTerm {
        let start = at
        if let name = try fieldName() {
            guard name.utf8.count <= LogQuery.nameMax else {
                throw Self.tooLarge("A field's name has more than \(LogQuery.nameMax) bytes.")
            }
            return LogTerm(name, try fieldTest(name, start))
        }
        at = start
        if let pattern = try pattern() { return LogTerm(nil, pattern) }
        if next == UInt8(ascii: "\"") { return LogTerm(nil, try quotedTest(start, isField: false)) }
        let word = bareWord()
        if let comparison = comparison(word) { return comparison }
        return LogTerm(nil, try wordTest(word, start))
    }

    /// The name before a colon; nil if there is none. Addresses (`http://…`) and scopes (`std::`) are words.
    private mutating func fieldName() throws(TelemetryProblem) -> String? {
        if next == UInt8(ascii: "\"") {
            let name = try quoted()
            guard next == UInt8(ascii: ":"), let text = String(validating: name, as: UTF8.self), !text.isEmpty else {
                return nil
            }
            at += 1
            return text
        }
        guard let first = next, Self.beginsName(first) else { return nil }
        let start = at
        while let byte = next, Self.isName(byte) { at += 1 }
        guard next == UInt8(ascii: ":"), peek(1) != UInt8(ascii: ":"),
            !(peek(1) == UInt8(ascii: "/") && peek(2) == UInt8(ascii: "/"))
        else { return nil }
        let name = String(decoding: bytes[start..<at], as: UTF8.self)
        at += 1
        return name
    }

    static func beginsName(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "@")
    }

    static func isName(_ byte: UInt8) -> Bool {
        beginsName(byte) || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/")
    }

    private mutating func fieldTest(_ name: String, _ start: Int) throws(TelemetryProblem) -> LogTerm.Test {
        if next == UInt8(ascii: "*"), Self.isDelimiter(peek(1)) {
            at += 1
            return .exists
        }
        if let pattern = try pattern() { return pattern }
        if next == UInt8(ascii: "\"") { return try quotedTest(at, isField: true) }
        if next == UInt8(ascii: "=") {
            at += 1
            if next == UInt8(ascii: "\"") { return .exact(try quoted()) }
            let word = bareWord()
            guard !word.isEmpty else {
                throw unexpected("a value behind `\(name):=`", "Nothing at all is \(name):=\"\".")
            }
            return .exact(Array(word))
        }
        let place = at
        let word = bareWord()
        guard !word.isEmpty else {
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            throw unexpected(
                "a value behind `\(text)`",
                "Write `\(text)*` for lines that have the field, or \"\(text)\" in quotes to search it as it is.")
        }
        if let range = try range(String(decoding: word, as: UTF8.self), name, place) { return range }
        return try wordTest(word, place)
    }

    mutating func bareWord() -> ArraySlice<UInt8> {
        let start = at
        while !Self.isDelimiter(next) { at += 1 }
        return bytes[start..<at]
    }

    private func wordTest(_ word: ArraySlice<UInt8>, _ start: Int) throws(TelemetryProblem) -> LogTerm.Test {
        var word = word
        guard !word.isEmpty else { throw unexpected("a word, a phrase or `field:value`", nil) }
        let isPrefix = word.last == UInt8(ascii: "*") && word.count > 1
        if isPrefix { word = word.dropLast() }
        if let star = word.firstIndex(of: UInt8(ascii: "*")) {
            let text = String(decoding: word, as: UTF8.self).split(separator: "*").map(LogRegex.escaped)
            throw invalid(
                at: star, "a `*` is understood only at the end of a word",
                "Did you mean `/\(text.joined(separator: ".*"))/`? In quotes it is a star.")
        }
        return isPrefix ? .prefix(Array(word)) : .phrase(Array(word))
    }

    private mutating func quotedTest(_ start: Int, isField: Bool) throws(TelemetryProblem) -> LogTerm.Test {
        let text = try quoted()
        let isPrefix = next == UInt8(ascii: "*")
        if isPrefix { at += 1 }
        guard !text.isEmpty else {
            throw invalid(
                at: start, "an empty text is in every line",
                isField ? "Write `:=\"\"` for an empty value, `:*` for any." : "Write what is between the quotes.")
        }
        return isPrefix ? .prefix(text) : .phrase(text)
    }

    /// A text in quotes: `\"`, `\\`, `\n`, `\r`, `\t` and `\xHH`; another `\` is itself.
    mutating func quoted() throws(TelemetryProblem) -> [UInt8] {
        let start = at
        var text: [UInt8] = []
        at += 1
        while let byte = next {
            at += 1
            if byte == UInt8(ascii: "\"") { return text }
            guard byte == UInt8(ascii: "\\"), let escaped = next else {
                text.append(byte)
                continue
            }
            at += 1
            switch escaped {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(escaped)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "x"):
                if let value = hexadecimal() { text.append(value) } else { text += [byte, escaped] }
            default: text += [byte, escaped]
            }
        }
        throw invalid(at: start, "this quote is not closed", "Write a `\"` at its end, and `\\\"` for one within.")
    }

    private mutating func hexadecimal() -> UInt8? {
        guard at + 2 <= bytes.count else { return nil }
        let digits = bytes[at..<at + 2].compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 2 else { return nil }
        at += 2
        return UInt8(digits[0] << 4 | digits[1])
    }
}
