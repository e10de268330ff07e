/// The lines that were taken out and put in between two texts, with a few around them.
package enum LineDiff {
    package enum Mark: String, Codable, Hashable, Sendable {
        case same = " "
        case removed = "-"
        case added = "+"
        /// Lines that are the same and not shown.
        case skipped = "…"
    }

    package struct Line: Codable, Hashable, Sendable {
        package var mark: Mark
        package var text: String
    }

    private static let contextLines = 2
    /// The table of the longest common subsequence has this many cells at most; what is larger is
    /// shown as all taken out and all put in.
    private static let cellsMax = 4_000_000

    /// - Parameters: nil: the file is not there.
    package static func lines(from old: String?, to new: String?) -> [Line] {
        let old = split(old)
        let new = split(new)
        let start = zip(old, new).prefix { $0 == $1 }.count
        let end = zip(old.dropFirst(start).reversed(), new.dropFirst(start).reversed()).prefix { $0 == $1 }.count
        let middle = longestCommonSubsequence(Array(old[start..<old.count - end]), Array(new[start..<new.count - end]))
        let same = { (line: Substring) in Line(mark: .same, text: String(line)) }
        return shortened(old.prefix(start).map(same) + middle + old.suffix(end).map(same))
    }

    private static func split(_ text: String?) -> [Substring] {
        guard let text, !text.isEmpty else { return [] }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    private static func longestCommonSubsequence(_ old: [Substring], _ new: [Substring]) -> [Line] {
        let removed = { (line: Substring) in Line(mark: .removed, text: String(line)) }
        let added = { (line: Substring) in Line(mark: .added, text: String(line)) }
        guard !old.isEmpty, !new.isEmpty, old.count * new.count <= cellsMax else {
            return old.map(removed) + new.map(added)
        }
        let width = new.count + 1
        var lengths = [Int32](repeating: 0, count: (old.count + 1) * width)
        for row in old.indices.reversed() {
            for column in new.indices.reversed() {
                lengths[row * width + column] =
                    old[row] == new[column]
                    ? lengths[(row + 1) * width + column + 1] + 1
                    : max(lengths[(row + 1) * width + column], lengths[row * width + column + 1])
            }
        }
        var lines: [Line] = []
        var (row, column) = (0, 0)
        while row < old.count && column < new.count {
            if old[row] == new[column] {
                lines.append(Line(mark: .same, text: String(old[row])))
                (row, column) = (row + 1, column + 1)
            } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
                lines.append(removed(old[row]))
                row += 1
            } else {
                lines.append(added(new[column]))
                column += 1
            }
        }
        return lines + old[row...].map(removed) + new[column...].map(added)
    }

    private static func shortened(_ lines: [Line]) -> [Line] {
        var isShown = [Bool](repeating: false, count: lines.count)
        for index in lines.indices where lines[index].mark != .same {
            for near in max(0, index - contextLines)...min(lines.count - 1, index + contextLines) { isShown[near] = true }
        }
        var result: [Line] = []
        var skipped = 0
        for index in lines.indices {
            if isShown[index] {
                if skipped > 0 { result.append(Line(mark: .skipped, text: "\(skipped) lines")) }
                skipped = 0
                result.append(lines[index])
            } else {
                skipped += 1
            }
        }
        if skipped > 0 { result.append(Line(mark: .skipped, text: "\(skipped) lines")) }
        return result
    }
}
