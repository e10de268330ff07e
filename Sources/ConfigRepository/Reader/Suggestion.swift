/// Finds what somebody probably meant to write.
package enum Suggestion {
    /// Longer words are not compared: nobody mistypes them, and the work grows with the square.
    private static let lengthMax = 64

    /// The candidate that is nearest by edits, or nil if none is near enough to be meant.
    package static func nearest<Candidates: Sequence<String>>(to text: String, in candidates: Candidates) -> String? {
        let word = Array(text.lowercased().unicodeScalars.prefix(lengthMax + 1))
        guard word.count <= lengthMax, !word.isEmpty else { return nil }
        // `SIGTERM` for `TERM`, `prod-eu` for `prod`.
        let lowercased = text.lowercased()
        let parts = candidates.filter { candidate in
            let part = candidate.lowercased()
            return part.utf8.count >= 3 && (lowercased.hasPrefix(part) || lowercased.hasSuffix(part))
        }
        if let part = parts.max(by: { $0.utf8.count < $1.utf8.count }), Self.lengthMax >= part.utf8.count {
            return part
        }
        let editsMax = word.count <= 2 ? 0 : max(1, word.count / 3)
        var best: (edits: Int, candidate: String)?
        for candidate in candidates.sorted() {
            let edits = distance(word, Array(candidate.lowercased().unicodeScalars.prefix(lengthMax)))
            if edits <= editsMax && edits < best?.edits ?? .max { best = (edits, candidate) }
        }
        return best?.candidate
    }

    /// `did you mean` and the nearest candidate, or else all of them when they are few.
    static func hint<Candidates: Collection<String>>(for text: String, in candidates: Candidates) -> String? {
        if let nearest = nearest(to: text, in: candidates) { return "did you mean `\(nearest)`?" }
        guard !candidates.isEmpty, candidates.count <= 24 else { return nil }
        return "known here: \(candidates.sorted().joined(separator: ", "))"
    }

    /// Edits by the optimal string alignment: insert, delete, replace, and swap of two neighbours.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var twoAbove: [Int] = []
        var above = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var edits = min(above[column + 1] + 1, current[column] + 1, above[column] + (scalar == other ? 0 : 1))
                if row > 0, column > 0, scalar == right[column - 1], left[row - 1] == other {
                    edits = min(edits, twoAbove[column - 1] + 1)
                }
                current.append(edits)
            }
            (twoAbove, above) = (above, current)
        }
        return above[right.count]
    }
}
