import Core
import Logs
import Telemetry

/// Checks of what `logs` says.
extension Checks {
    static let expressionBytesMax = 8 << 10

    /// A length of time, or nil for `forever`.
    static func age(_ text: String) throws(Problem) -> Interval? {
        text == "forever" ? nil : try Interval(text)
    }

    /// A regular expression or a query, so far as its text tells.
    static func expression(_ text: String) throws(Problem) -> String {
        func refused(_ cause: String) -> Problem {
            Problem(
                "logs.expression", "This is neither a regular expression nor a query.", cause: "It \(cause).",
                remedy: "write at most \(expressionBytesMax >> 10) KiB of text on one line")
        }
        guard !text.isEmpty else { throw refused("is empty") }
        guard text.utf8.count <= expressionBytesMax else { throw refused("has \(text.utf8.count) bytes") }
        guard isPlain(text) else { throw refused("has a control character") }
        return text
    }

    /// A query that chooses lines.
    static func query(_ text: String) throws(Problem) -> String {
        let text = try expression(text)
        do { _ = try LogFilter(lines: text) } catch { throw Problem(error) }
        return text
    }

    /// A regular expression in PCRE2's syntax.
    static func pattern(_ text: String) throws(Problem) -> String {
        let text = try expression(text)
        do { _ = try PatternCode(text) } catch { throw Problem(error) }
        return text
    }

    /// Whether nothing in it acts on a terminal: no control characters, no marks of direction.
    private static func isPlain(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }

    /// What stands in the place of a secret: visible, short and on one line.
    static func replacement(_ text: String) throws(Problem) -> String {
        guard text.utf8.count <= 64, isPlain(text) else {
            throw Problem(
                "replacement.invalid", "This cannot stand for a secret.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write at most 64 bytes without control characters: \"[redacted]\"")
        }
        return text
    }

    /// What a field is set to, and how a time is written.
    static func fieldText(_ text: String) throws(Problem) -> String {
        guard text.utf8.count <= 1024, isPlain(text) else {
            throw Problem(
                "field.text", "This text cannot be used.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write at most 1024 bytes without control characters")
        }
        return text
    }

    /// The name of a field of lines.
    static func field(_ text: String) throws(Problem) -> String {
        let isPlain = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII ? fieldCharacters.contains(UInt8(scalar.value)) : scalar.properties.isAlphabetic
        }
        guard !text.isEmpty, text.utf8.count <= 128, isPlain else {
            throw Problem(
                "field.invalid", "This is not the name of a field.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use letters, digits and _ - . / @ $: http.status")
        }
        return text
    }

    /// The name of a field, or with a `*` at its end of all that begin so.
    static func fields(_ text: String) throws(Problem) -> String {
        guard text.count > 1, text.hasSuffix("*") else { return try field(text) }
        return try field(String(text.dropLast())) + "*"
    }

    /// Minutes east of UTC, written `+02:00`.
    static func offset(_ text: String) throws(Problem) -> Int {
        let bytes = Array(text.utf8)
        func number(_ place: Int) -> Int? {
            let digits = bytes[place...place + 1].map { Int($0) - 0x30 }
            return digits.allSatisfy((0...9).contains) ? digits[0] * 10 + digits[1] : nil
        }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), bytes[0] == 0x2B || bytes[0] == 0x2D,
            let hours = number(1), let minutes = number(4), minutes < 60, hours <= 14
        else {
            throw Problem(
                "offset.invalid", "This is not an offset from UTC.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "write hours and minutes with a sign, in quotes: \"+02:00\"")
        }
        return (hours * 60 + minutes) * (bytes[0] == 0x2D ? -1 : 1)
    }

    private static let fieldCharacters = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./@$".utf8)

    /// The name of a grok pattern.
    static func patternName(_ text: String) throws(Problem) -> String {
        let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_".utf8)
        guard !text.isEmpty, text.utf8.count <= 64, text.utf8.allSatisfy(letters.contains) else {
            throw Problem(
                "pattern.name", "This is not the name of a pattern.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use letters, digits and _: ORDER_ID")
        }
        return text
    }

    /// What the series of a measure are called, as statsd's are.
    static func measureName(_ text: String) throws(Problem) -> String {
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.".utf8)
        let nodes = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 200, text.utf8.allSatisfy(allowed.contains), nodes.allSatisfy({ !$0.isEmpty }) else {
            throw Problem(
                "measure.name", "This is not the name of a metric.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "use letters, digits, _ and -, with dots between: shop.checkout.time")
        }
        return text
    }

    /// An absolute path, of which parts may hold `*`, `?`, `[a-z]` and `{a,b}`.
    static func fileGlob(_ text: String) throws(Problem) -> String {
        func refused(_ cause: String) -> Problem {
            Problem(
                "glob.invalid", "This is not a pattern for files.", cause: "\(quotedForMessage(text)) \(cause).",
                remedy: "write an absolute path, whose parts may hold *, ?, [a-z] and {a,b}: /var/log/shop/*.log")
        }
        try absolutePath(text, refused)
        guard !text.contains("**") else { throw refused("has `**`, and a `*` never goes beyond a folder") }
        for part in text.split(separator: "/") {
            if let fault = fault(inGlob: part.utf8) { throw refused(fault) }
        }
        return text
    }

    private static func fault(inGlob part: Substring.UTF8View) -> String? {
        var alternatives: Int?
        var rest = part[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"): return "has a backslash"
            case UInt8(ascii: "["):
                // A `]` at once is a character of the set.
                if rest.first == UInt8(ascii: "!") || rest.first == UInt8(ascii: "^") { rest.removeFirst() }
                guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "]")) else { return "has an open `[`" }
                rest = rest[rest.index(after: end)...]
            case UInt8(ascii: "{"):
                guard alternatives == nil else { return "has a `{` in another" }
                alternatives = 1
            case UInt8(ascii: "}"):
                guard let count = alternatives else { return "has a `}` without a `{`" }
                guard count <= 32 else { return "has more than 32 alternatives" }
                alternatives = nil
            case UInt8(ascii: ","): alternatives = alternatives.map { $0 + 1 }
            default: break
            }
        }
        return alternatives == nil ? nil : "has an open `{`"
    }

    /// Where a Unix socket is made. Its address has room for 107 bytes (unix(7)).
    static func socketPath(_ text: String) throws(Problem) -> String {
        func refused(_ cause: String) -> Problem {
            Problem(
                "socket.invalid", "This is not the path of a socket.", cause: "\(quotedForMessage(text)) \(cause).",
                remedy: "write an absolute path of at most 107 bytes: /run/shop/log")
        }
        try absolutePath(text, refused)
        guard text.utf8.count <= 107 else { throw refused("has \(text.utf8.count) bytes") }
        return text
    }

    private static func absolutePath(_ text: String, _ refused: (String) -> Problem) throws(Problem) {
        guard text.hasPrefix("/") else { throw refused("does not begin with /") }
        guard text.utf8.count <= 1024 else { throw refused("has \(text.utf8.count) bytes") }
        guard isPlain(text) else { throw refused("has a control character") }
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }) else { throw refused("has an empty part") }
        guard !parts.contains("."), !parts.contains("..") else { throw refused("has a part that is `.` or `..`") }
    }
}

extension Problem {
    /// What an engine says, part by part.
    init(_ problem: TelemetryProblem) {
        self.init(problem.code, problem.sentence, cause: problem.cause, remedy: problem.remedy)
    }
}
