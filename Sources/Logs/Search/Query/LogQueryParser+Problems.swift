import Telemetry

extension LogQueryParser {
    static func tooLarge(_ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.query-too-large", "The query was not taken.", cause: cause,
            remedy: "Ask for less at once: a prefix or a regular expression can stand for many words.")
    }

    /// - Parameter cause: without a capital letter and a point.
    func invalid(at place: Int, _ cause: String, _ remedy: String?) -> TelemetryProblem {
        // Columns are counted in characters, from 1.
        let column = bytes[..<min(place, bytes.count)].reduce(1) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
        let point = cause.hasSuffix(".") ? "" : "."
        return TelemetryProblem(
            "logs.query-invalid", "The query was not understood.",
            cause: "At column \(column), \(LogText.shown(cause))\(point)",
            remedy: LogText.shown(remedy ?? "docs/logs-query.md shows what can be asked."))
    }

    func unexpected(_ expected: String, _ remedy: String?) -> TelemetryProblem {
        var end = at
        while end < bytes.count, end < at + 40, end == at || !Self.isDelimiter(bytes[end]) { end += 1 }
        let found = Self.quoted(String(decoding: bytes[at..<end], as: UTF8.self))
        return invalid(at: at, "\(expected) was expected, and \(found) was found", remedy)
    }

    /// What was found where something else was expected.
    static func quoted(_ text: String) -> String { text.isEmpty ? "the end" : "`\(LogText.shown(text))`" }
}

/// Finds what was meant by a word that is not known.
enum LogSuggestion {
    /// The word with the fewest letters that differ, if they are few.
    static func nearest(to word: String, among known: [String]) -> String? {
        let word = Array(word.lowercased().utf8.prefix(32))
        let ranked = known.map { ($0, distance(word, Array($0.utf8))) }.min { $0.1 < $1.1 }
        guard let ranked, ranked.1 <= max(1, word.count / 3) else { return nil }
        return ranked.0
    }

    /// Damerau and Levenshtein's distance, with neighbours that are swapped as one change.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var rows = [[Int]](repeating: Array(repeating: 0, count: right.count + 1), count: left.count + 1)
        for index in 0...left.count { rows[index][0] = index }
        for index in 0...right.count { rows[0][index] = index }
        for (i, one) in left.enumerated() {
            for (j, other) in right.enumerated() {
                let change = rows[i][j] + (one == other ? 0 : 1)
                var least = min(change, rows[i][j + 1] + 1, rows[i + 1][j] + 1)
                if i > 0, j > 0, one == right[j - 1], left[i - 1] == other {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                rows[i + 1][j + 1] = least
            }
        }
        return rows[left.count][right.count]
    }
}
