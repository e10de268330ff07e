import Telemetry

/// Regular expressions and ranges.
extension LogQueryParser {
    /// `/…/` and `/…/i`. A slash that is not closed, or closed within a word, is a path: `/var/log/syslog`.
    mutating func pattern() throws(TelemetryProblem) -> LogTerm.Test? {
        guard next == UInt8(ascii: "/") else { return nil }
        let start = at
        var end = at + 1
        var text: [UInt8] = []
        while end < bytes.count, bytes[end] != UInt8(ascii: "/") {
            if bytes[end] == UInt8(ascii: "\\"), end + 1 < bytes.count {
                if bytes[end + 1] != UInt8(ascii: "/") { text.append(bytes[end]) }
                end += 1
            }
            text.append(bytes[end])
            end += 1
        }
        guard end < bytes.count, !text.isEmpty, !Self.runsIntoField(text) else { return nil }
        var after = end + 1
        let ignoresCase = after < bytes.count && bytes[after] == UInt8(ascii: "i")
        if ignoresCase { after += 1 }
        guard Self.isDelimiter(after < bytes.count ? bytes[after] : nil) else { return nil }
        at = after
        let pattern = String(decoding: text, as: UTF8.self)
        do throws(TelemetryProblem) {
            _ = try LogRegex(pattern, ignoresCase: ignoresCase)
        } catch {
            throw invalid(at: start, "a regular expression was expected. \(error.cause)", error.remedy)
        }
        return .pattern(pattern, ignoresCase: ignoresCase)
    }

    /// Whether what looks like an expression is two paths: `path:/a path:/`.
    private static func runsIntoField(_ text: [UInt8]) -> Bool {
        guard text.last == UInt8(ascii: ":"), let blank = text.lastIndex(where: isBlank) else { return false }
        let name = text[(blank + 1)...].dropLast().drop { $0 == UInt8(ascii: "-") }
        return !name.isEmpty && name.allSatisfy(isName)
    }

    /// `status>=500`, without a colon: only with a number or a level, because much else looks like it.
    func comparison(_ word: ArraySlice<UInt8>) -> LogTerm? {
        guard let first = word.first, Self.beginsName(first),
            let sign = word.firstIndex(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: ">") })
        else { return nil }
        let name = String(decoding: word[..<sign], as: UTF8.self)
        guard word[..<sign].allSatisfy(Self.isName), !name.hasSuffix("-"), name.utf8.count <= LogQuery.nameMax else {
            return nil
        }
        let found = try? range(String(decoding: word[sign...], as: UTF8.self), name, sign)
        return found.flatMap { $0 }.map { LogTerm(name, $0) }
    }

    /// `>=5`, `<1.5s`, `500..599`, `>1s..<5s`, `warn..error`; nil if it is none of that.
    func range(_ text: String, _ name: String, _ place: Int) throws(TelemetryProblem) -> LogTerm.Test? {
        let halves = Self.halves(text)
        let isCompared = text.hasPrefix(">") || text.hasPrefix("<")
        guard isCompared || halves.count == 2 else { return nil }
        var from: LogTerm.Bound?
        var to: LogTerm.Bound?
        if halves.count == 2 {
            from = Self.bound(halves[0], signs: [">=", ">"])
            to = Self.bound(halves[1], signs: ["<=", "<"])
        } else if text.hasPrefix(">") {
            from = Self.bound(text, signs: [">=", ">"])
        } else {
            to = Self.bound(text, signs: ["<=", "<"])
        }
        let bounds = [from, to].compactMap { $0 }
        // What only looks like a range is a text: `../etc`.
        let isMeant = isCompared || bounds.contains { $0.number != nil || $0.level != nil }
        guard isMeant else { return nil }
        for bound in bounds {
            if name == "level", bound.level == nil { throw levelUnknown(bound.text, place) }
            guard bound.number != nil || bound.level != nil else {
                throw invalid(
                    at: place, "a number was expected, and \(Self.quoted(bound.text)) was found",
                    "Numbers may have a unit: 500, 1.5s, 10ms, 5MB.")
            }
        }
        guard !bounds.isEmpty, bounds.allSatisfy({ $0.number != nil }) || bounds.allSatisfy({ $0.level != nil }) else {
            throw invalid(at: place, "a number or a level was expected", "As in `duration:>1.5s` or `level:>=warn`.")
        }
        let range = LogTerm.Test.range(from: from, to: to)
        guard range.compiledRange != nil else {
            throw invalid(at: place, "nothing is in the range `\(LogText.shown(text))`", "Write the smaller end first.")
        }
        return range
    }

    private static func halves(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        guard bytes.count > 2,
            let middle = (0..<bytes.count - 1).first(where: { bytes[$0] == 0x2E && bytes[$0 + 1] == 0x2E })
        else { return [text] }
        return [
            String(decoding: bytes[..<middle], as: UTF8.self), String(decoding: bytes[(middle + 2)...], as: UTF8.self),
        ]
    }

    /// Nil for nothing. Ends are included if nothing else is said.
    private static func bound(_ text: String, signs: [String]) -> LogTerm.Bound? {
        if text.isEmpty { return nil }
        for sign in signs where text.hasPrefix(sign) {
            return LogTerm.Bound(String(text.dropFirst(sign.count)), isIncluded: sign.count == 2)
        }
        return LogTerm.Bound(text)
    }

    private func levelUnknown(_ text: String, _ place: Int) -> TelemetryProblem {
        let words = LogLevel.allCases.dropFirst().map(\.word)
        let guess = LogSuggestion.nearest(to: text, among: words)
        return invalid(
            at: place, "a level was expected, and \(Self.quoted(text)) was found",
            (guess.map { "Did you mean `\($0)`? " } ?? "") + "Levels are \(words.joined(separator: ", ")).")
    }
}
