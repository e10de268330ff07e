/// Which instances are meant: `app=shop and zone=a and not label.tier=canary`.
///
/// ```
/// filter := and { "or" and }        and := not { "and" not }
/// not    := "not" not | "(" filter ")" | KEY ( "=" | "!=" ) VALUE
/// ```
/// A value may end with `*`, which stands for any rest, and may be quoted. `tag=X` is short for
/// `label.tag=X`.
package struct Filter: Hashable, Sendable, CustomStringConvertible {
    package static let lengthMax = 1000
    package static let depthMax = 32

    /// What can be asked about.
    package enum Key: Hashable, Sendable {
        case app
        case process
        case host
        case zone
        case release
        case state
        case health
        case hostClass
        case duty
        case colour
        case delta
        case label(String)

        /// - Throws: `key.invalid` unless the text is a key of the language.
        package init(_ text: String) throws(Problem) {
            if let match = Self.words.first(where: { $0.0 == text }) {
                self = match.1
            } else if text.hasPrefix(Self.labelPrefix), (1...63).contains(text.utf8.count - Self.labelPrefix.utf8.count)
            {
                self = .label(String(text.dropFirst(Self.labelPrefix.count)))
            } else {
                throw Problem(
                    "key.invalid", "This is nothing that a list can be sorted or grouped by.",
                    cause: "\(quotedForMessage(text)) was found.",
                    remedy: "There are \(Self.words.map(\.0).joined(separator: ", ")) and label.NAME.")
            }
        }

        package var text: String {
            if case .label(let name) = self { return Self.labelPrefix + name }
            return Self.words.first { $0.1 == self }?.0 ?? ""
        }

        private static let labelPrefix = "label."
        static let words: [(String, Key)] = [
            ("app", .app), ("process", .process), ("host", .host), ("zone", .zone), ("release", .release),
            ("state", .state), ("health", .health), ("class", .hostClass), ("duty", .duty), ("colour", .colour),
            ("delta", .delta), ("tag", .label("tag")),
        ]
    }

    package indirect enum Expression: Hashable, Sendable {
        case all
        case equals(Key, Pattern)
        case not(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
    }

    /// A text, or the start of one.
    package struct Pattern: Hashable, Sendable {
        package var text: String
        package var isPrefix: Bool

        package func matches(_ value: String) -> Bool { isPrefix ? value.hasPrefix(text) : value == text }
    }

    package let text: String
    package let expression: Expression

    /// Admits everything.
    package static let all = Filter()
    private init() {
        text = ""
        expression = .all
    }

    /// - Throws: `filter.invalid`, with the position of the fault counted in characters from 1.
    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.lengthMax else {
            throw Problem(
                "filter.invalid", "This filter cannot be read.",
                cause: "It has \(text.utf8.count) bytes; \(Self.lengthMax) are allowed.", remedy: "Write a shorter one."
            )
        }
        var parser = FilterParser(text)
        expression = try parser.parse()
        self.text = text
    }

    package var description: String { text }

    /// - Parameter value: what the subject has under a key; nil when it has nothing there.
    package func admits(_ value: (Key) -> String?) -> Bool { Self.evaluate(expression, value) }

    /// The one value that everything admitted has under the key, when the filter says so: a list
    /// that is kept by that key need not be searched whole.
    package func required(_ key: Key) -> String? { Self.required(key, expression) }

    private static func required(_ key: Key, _ expression: Expression) -> String? {
        switch expression {
        case .equals(key, let pattern) where !pattern.isPrefix: pattern.text
        case .and(let left, let right): required(key, left) ?? required(key, right)
        case .all, .equals, .not, .or: nil
        }
    }

    private static func evaluate(_ expression: Expression, _ value: (Key) -> String?) -> Bool {
        switch expression {
        case .all: true
        case .equals(let key, let pattern): value(key).map(pattern.matches) ?? false
        case .not(let inner): !evaluate(inner, value)
        case .and(let left, let right): evaluate(left, value) && evaluate(right, value)
        case .or(let left, let right): evaluate(left, value) || evaluate(right, value)
        }
    }
}

extension Filter: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(try decoder.singleValueContainer().decode(String.self))
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

private struct FilterParser {
    private enum Token: Equatable {
        case word(String)
        case quoted(String)
        case symbol(String)
        case end

        var shown: String {
            switch self {
            case .word(let text), .quoted(let text), .symbol(let text): quotedForMessage(text)
            case .end: "the end"
            }
        }
    }

    private let scalars: [Unicode.Scalar]
    private var index = 0
    /// Where the token that is looked at begins, from 0.
    private var start = 0
    private var token = Token.end
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parse() throws(Problem) -> Filter.Expression {
        try advance()
        if token == .end { return .all }
        let expression = try parseOr()
        guard token == .end else { throw fault("expected `and`, `or` or the end, and found \(token.shown)") }
        return expression
    }

    private mutating func parseOr() throws(Problem) -> Filter.Expression {
        var left = try parseAnd()
        while token == .word("or") {
            try advance()
            left = .or(left, try parseAnd())
        }
        return left
    }

    private mutating func parseAnd() throws(Problem) -> Filter.Expression {
        var left = try parseNot()
        while token == .word("and") {
            try advance()
            left = .and(left, try parseNot())
        }
        return left
    }

    private mutating func parseNot() throws(Problem) -> Filter.Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Filter.depthMax else { throw fault("it is nested more than \(Filter.depthMax) deep") }
        if token == .word("not") {
            try advance()
            return .not(try parseNot())
        }
        if token == .symbol("(") {
            let opened = start
            try advance()
            let inner = try parseOr()
            guard token == .symbol(")") else {
                throw fault("expected `)` for the `(` at \(opened + 1), and found \(token.shown)")
            }
            try advance()
            return inner
        }
        return try parseComparison()
    }

    private mutating func parseComparison() throws(Problem) -> Filter.Expression {
        guard case .word(let word) = token else {
            throw fault("expected a key such as `app`, and found \(token.shown)")
        }
        let key = try key(word)
        try advance()
        guard token == .symbol("=") || token == .symbol("!=") else {
            throw fault("expected `=` or `!=` after `\(word)`, and found \(token.shown)")
        }
        let isNegated = token == .symbol("!=")
        try advance()
        let pattern: Filter.Pattern
        switch token {
        case .word(let text) where text.hasSuffix("*"):
            pattern = Filter.Pattern(text: String(text.dropLast()), isPrefix: true)
        case .word(let text): pattern = Filter.Pattern(text: normalized(text, of: key), isPrefix: false)
        case .quoted(let text): pattern = Filter.Pattern(text: text, isPrefix: false)
        default: throw fault("expected a value after `\(word)`, and found \(token.shown)")
        }
        try advance()
        return isNegated ? .not(.equals(key, pattern)) : .equals(key, pattern)
    }

    private func key(_ word: String) throws(Problem) -> Filter.Key {
        if word.hasPrefix("label."), word.utf8.count > 6 { return .label(String(word.dropFirst(6))) }
        if let match = Filter.Key.words.first(where: { $0.0 == word }) { return match.1 }
        let known = Filter.Key.words.map(\.0).joined(separator: ", ")
        throw fault("\(quotedForMessage(word)) is not a key; there are \(known) and label.NAME")
    }

    /// `release=r7` is what people read elsewhere; instances have 7.
    private func normalized(_ text: String, of key: Filter.Key) -> String {
        key == .release && text.first == "r" && Int(text.dropFirst()) != nil ? String(text.dropFirst()) : text
    }

    private mutating func advance() throws(Problem) {
        while index < scalars.count, scalars[index] == " " || scalars[index] == "\t" { index += 1 }
        start = index
        guard index < scalars.count else {
            token = .end
            return
        }
        let scalar = scalars[index]
        switch scalar {
        case "(", ")", "=":
            index += 1
            token = .symbol(String(scalar))
        case "!":
            index += 1
            guard index < scalars.count, scalars[index] == "=" else { throw fault("expected `=` after `!`") }
            index += 1
            token = .symbol("!=")
        case "\"", "'":
            token = .quoted(try scanQuoted(until: scalar))
        default:
            let text = scanWord()
            guard !text.isEmpty else { throw fault("\(quotedForMessage(String(scalar))) is not allowed here") }
            token = .word(text)
        }
    }

    private mutating func scanWord() -> String {
        var text = ""
        while index < scalars.count, isWord(scalars[index]) {
            text.unicodeScalars.append(scalars[index])
            index += 1
        }
        return text
    }

    private mutating func scanQuoted(until quote: Unicode.Scalar) throws(Problem) -> String {
        index += 1
        var text = ""
        while index < scalars.count, scalars[index] != quote {
            text.unicodeScalars.append(scalars[index])
            index += 1
        }
        guard index < scalars.count else { throw fault("a quote is not closed") }
        index += 1
        return text
    }

    private func isWord(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            || "-._/:@+*".unicodeScalars.contains(scalar)
    }

    private func fault(_ cause: String) -> Problem {
        Problem(
            "filter.invalid", "This filter cannot be read.", cause: "At character \(start + 1), \(cause).",
            remedy: "Write for example: app=shop and zone=a and not host=web-3.")
    }
}
