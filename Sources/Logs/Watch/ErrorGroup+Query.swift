extension ErrorGroup {
    private static let phrasesMax = 5

    /// The search for its lines: those that have all of its text in which lines do not differ.
    ///
    /// - Parameter level: what the watch takes for errors.
    package func query(from level: LogLevel) -> LogQuery {
        var parts: [LogExpression] = [
            .term(LogTerm("app", .exact(Array(app.utf8)))),
            .term(LogTerm("level", .range(from: LogTerm.Bound(level.word), to: nil))),
        ]
        if text != ErrorWatch.others { parts += phrases.map { .term(LogTerm(nil, .phrase(Array($0.utf8)))) } }
        return LogQuery(filter: .all(of: parts))
    }

    /// What all of its lines have; empty: there is nothing but what differs.
    private var phrases: [String] {
        // What is shown of a line is not always what it has: a phrase stops at what was made fit to be shown.
        let pieces = text.split { $0 == "\"" || $0 == "'" || $0 == "\\" || $0 == "<" || $0 == ">" || $0 == "*" }
        var phrases: [String] = []
        for piece in pieces {
            let phrase = String(piece.drop { !$0.isLetter }.trimmed { !$0.isLetter })
            if phrase.count > 1, !phrases.contains(phrase) { phrases.append(phrase) }
        }
        return Array(phrases.prefix(Self.phrasesMax))
    }
}

extension Substring {
    /// Without its last characters, as long as they are so.
    fileprivate func trimmed(_ isLeftOut: (Character) -> Bool) -> Substring {
        lastIndex { !isLeftOut($0) }.map { self[...$0] } ?? self[endIndex...]
    }
}
