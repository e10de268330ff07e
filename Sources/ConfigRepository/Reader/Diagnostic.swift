package import Core

/// Where something is written: a file of the configuration repository, counted from 1. Columns
/// count Unicode scalars, as YAML does.
package struct SourcePosition: Codable, Hashable, Sendable, Comparable {
    package var file: String
    package var line: Int
    package var column: Int
    /// How many scalars of the line are meant: at least 1.
    package var length: Int

    package init(file: String, line: Int = 1, column: Int = 1, length: Int = 1) {
        self.file = file
        self.line = line
        self.column = column
        self.length = max(1, length)
    }

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}

/// One thing that is wrong with a configuration repository, and what to do about it.
package struct Diagnostic: Codable, Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Codable, Hashable, Sendable {
        /// The commit is not used.
        case error
        /// The commit is used, and probably does not do what its author expects.
        case warning
    }

    package var severity: Severity
    /// Stable, lower case, words joined by dots and dashes: `key.unknown`.
    package var code: String
    package var position: SourcePosition
    /// The line as it is written; nil where the file as a whole is meant.
    package var line: String?
    /// What is wrong, as one sentence.
    package var sentence: String
    /// Why, where the sentence does not say it already.
    package var cause: String?
    /// What to write instead.
    package var hint: String?

    package init(
        _ severity: Severity, _ code: String, at position: SourcePosition, line: String? = nil, _ sentence: String,
        cause: String? = nil, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.position = position
        self.line = line
        self.sentence = sentence
        self.cause = cause
        self.hint = hint
    }

    /// The offending text itself.
    package var text: String? {
        guard let line else { return nil }
        return String(
            String.UnicodeScalarView(line.unicodeScalars.dropFirst(position.column - 1).prefix(position.length)))
    }

    /// As a compiler would show it: place, sentence, the line with a caret, cause and hint.
    package var description: String {
        // A file's name is foreign text too.
        let file = position.file.unicodeScalars.map(DiagnosticExcerpt.printable).joined()
        var lines = ["\(file):\(position.line):\(position.column): \(severity.rawValue): \(sentence) [\(code)]"]
        if let line { lines += DiagnosticExcerpt(line: line, position: position).lines }
        if let cause { lines.append("  cause: \(cause)") }
        if let hint { lines.append("  hint: \(hint)") }
        return lines.joined(separator: "\n")
    }

    /// As the four parts that every error of Apus has.
    package var problem: Problem {
        Problem(
            "config.\(code)", "\(position.file):\(position.line):\(position.column): \(sentence)",
            cause: cause ?? text.map { "\(quotedForMessage($0)) was found." } ?? "The file says so.",
            remedy: hint ?? "Correct the file and commit it.")
    }
}

/// The offending line with a caret below. Control and direction characters are written as `·`, so
/// that a hostile file cannot rewrite the terminal that shows it; a long line is cut around the caret.
private struct DiagnosticExcerpt {
    private static let widthMax = 110
    private static let before = 60

    let line: String
    let position: SourcePosition

    var lines: [String] {
        let scalars = Array(line.unicodeScalars)
        let caret = min(position.column - 1, scalars.count)
        let start = caret > Self.before && scalars.count > Self.widthMax ? caret - Self.before : 0
        let end = min(scalars.count, start + Self.widthMax)
        var shown = start > 0 ? "…" : ""
        for scalar in scalars[start..<end] { shown += Self.printable(scalar) }
        if end < scalars.count { shown += "…" }
        let number = String(position.line)
        let gutter = String(repeating: " ", count: number.count)
        let offset = caret - start + (start > 0 ? 1 : 0)
        let tail = max(0, min(position.length, end - caret) - 1)
        return [
            "  \(number) | \(shown)",
            "  \(gutter) | \(String(repeating: " ", count: offset))^\(String(repeating: "~", count: tail))",
        ]
    }

    static func printable(_ scalar: Unicode.Scalar) -> String {
        if scalar == "\t" { return " " }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: return "·"
        default: return String(scalar)
        }
    }
}
