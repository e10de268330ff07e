import Telemetry

/// What is behind the pipes.
extension LogQueryParser {
    private static let words = [
        "count", "sum", "avg", "min", "max", "rate", "distinct", "top", "patterns", "fields", "sort", "limit",
    ]
    /// What others call them.
    private static let synonyms = [
        "median": "p50", "mean": "avg", "average": "avg", "maximum": "max", "minimum": "min", "unique": "distinct",
        "uniq": "distinct", "dc": "distinct", "head": "limit", "take": "limit", "order": "sort", "stats": "count",
        "table": "fields", "project": "fields", "pattern": "patterns", "percentile": "p95", "quantile": "p95",
    ]

    mutating func stages() throws(TelemetryProblem) -> [LogStage] {
        var stages: [LogStage] = []
        skipBlanks()
        while next == UInt8(ascii: "|") {
            at += 1
            skipBlanks()
            let start = at
            let stage = try stage()
            if !stages.isEmpty, stage.isFirst {
                throw invalid(
                    at: start, "`count`, `top` and `patterns` stand directly behind the lines that are searched",
                    "Behind them come `sort`, `limit` and `fields`.")
            }
            if stages.first == .patterns, !stage.isLimit {
                throw invalid(at: start, "behind `patterns` comes nothing but `limit`", nil)
            }
            stages.append(stage)
            guard stages.count <= LogQuery.stagesMax else {
                throw Self.tooLarge("It has more than \(LogQuery.stagesMax) pipes.")
            }
            skipBlanks()
        }
        guard at == bytes.count else { throw unexpected("`|` or the end", nil) }
        return stages
    }

    private mutating func stage() throws(TelemetryProblem) -> LogStage {
        let start = at
        let word = name().lowercased()
        switch word {
        case "top": return try top()
        case "patterns": return .patterns
        case "fields": return .fields(try names())
        case "sort": return try sort()
        case "limit": return .limit(try number(upTo: 1_000_000))
        default: break
        }
        at = start
        guard Self.function(word) != nil else { throw unknown(word, start) }
        var aggregates: [LogAggregate] = []
        repeat {
            skipBlanks()
            aggregates.append(try aggregate())
            guard aggregates.count <= LogQuery.columnsMax else {
                throw Self.tooLarge("It asks for more than \(LogQuery.columnsMax) figures.")
            }
        } while takeComma()
        var groups: [LogGroup] = []
        if takeWord("by") {
            repeat { groups.append(try group()) } while takeComma()
            guard groups.count <= LogQuery.columnsMax else {
                throw Self.tooLarge("It groups by more than \(LogQuery.columnsMax) fields.")
            }
        }
        return .aggregate(aggregates, by: groups)
    }

    private func unknown(_ word: String, _ start: Int) -> TelemetryProblem {
        let guess = Self.synonyms[word] ?? LogSuggestion.nearest(to: word, among: Self.words + ["p50", "p95", "p99"])
        return invalid(
            at: start,
            word.isEmpty
                ? "what is to be made of the lines was expected behind `|`"
                : "`\(LogText.shown(word))` is nothing that can be made of lines",
            (guess.map { "Did you mean `\($0)`? " } ?? "")
                + "Known are \(Self.words.joined(separator: ", ")) and p0 to p100.")
    }

    /// The function that a word means: `p99.9` is a percentile.
    static func function(_ word: String) -> LogAggregate.Function? {
        switch word {
        case "count": return .count
        case "sum": return .sum
        case "avg": return .avg
        case "min": return .min
        case "max": return .max
        case "rate": return .rate
        case "distinct": return .distinct
        default: break
        }
        guard word.first == "p" else { return nil }
        let parts = word.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? String(parts[1]) : "0"
        guard let whole = parts.first, (1...3).contains(whole.utf8.count), (1...3).contains(decimals.utf8.count),
            whole.allSatisfy({ ("0"..."9").contains($0) }), decimals.allSatisfy({ ("0"..."9").contains($0) }),
            let first = Int(whole), let second = Int(decimals + String(repeating: "0", count: 3 - decimals.utf8.count)),
            first * 1000 + second <= 100_000
        else { return nil }
        return .percentile(first * 1000 + second)
    }

    /// `count`, `p99 duration`, `p99(duration)`.
    private mutating func aggregate() throws(TelemetryProblem) -> LogAggregate {
        let start = at
        let word = name().lowercased()
        guard let function = Self.function(word) else { throw unknown(word, start) }
        if next == UInt8(ascii: "(") {
            at += 1
            skipBlanks()
            if function == .count, next == UInt8(ascii: ")") {
                at += 1
                return LogAggregate(.count)
            }
            let field = try field()
            skipBlanks()
            guard next == UInt8(ascii: ")") else { throw unexpected("`)`", nil) }
            at += 1
            return LogAggregate(function, field)
        }
        skipBlanks()
        let hasField = next != nil && next != UInt8(ascii: "|") && next != UInt8(ascii: ",") && !isWord("by")
        guard hasField || !function.needsField else {
            throw unexpected("the field that `\(word)` is made of", "As in `\(word) duration`.")
        }
        return LogAggregate(function, hasField ? try field() : nil)
    }

    /// `host`, or a span of time: `1m`.
    private mutating func group() throws(TelemetryProblem) -> LogGroup {
        skipBlanks()
        let start = at
        if let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            let text = name()
            guard let span = LogSpan.parse(text) else {
                throw invalid(
                    at: start, "a span of time was expected, and `\(LogText.shown(text))` was found",
                    "As 10s, 1m, 1h or 1d; a field that begins with a digit is written in quotes.")
            }
            return .time(span)
        }
        return .field(try field())
    }

    private mutating func top() throws(TelemetryProblem) -> LogStage {
        skipBlanks()
        var count = 10
        if let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { count = try number(upTo: 10_000) }
        _ = takeWord("by")
        return .top(count, try names())
    }

    private mutating func sort() throws(TelemetryProblem) -> LogStage {
        var keys: [LogSort] = []
        _ = takeWord("by")
        repeat {
            skipBlanks()
            var isDescending = next == UInt8(ascii: "-")
            if isDescending { at += 1 }
            var key = try field()
            if next == UInt8(ascii: "("), let function = Self.function(key) {
                at += 1
                key = LogAggregate(function, try field()).name
                guard next == UInt8(ascii: ")") else { throw unexpected("`)`", nil) }
                at += 1
            }
            if takeWord("desc") { isDescending = true } else if takeWord("asc") { isDescending = false }
            keys.append(LogSort(key, isDescending: isDescending))
        } while takeComma()
        guard keys.count <= LogQuery.columnsMax else {
            throw Self.tooLarge("It sorts by more than \(LogQuery.columnsMax) fields.")
        }
        return .sort(keys)
    }

    private mutating func names() throws(TelemetryProblem) -> [String] {
        var names: [String] = []
        repeat {
            skipBlanks()
            names.append(try field())
        } while takeComma()
        guard names.count <= LogQuery.fieldsMax else {
            throw Self.tooLarge("It names more than \(LogQuery.fieldsMax) fields.")
        }
        return names
    }

    private mutating func number(upTo greatest: Int) throws(TelemetryProblem) -> Int {
        skipBlanks()
        let start = at
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), at - start < 10 { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard let number = Int(text), (1...greatest).contains(number) else {
            at = start
            throw unexpected("a number from 1 to \(greatest)", nil)
        }
        return number
    }

    /// The name of a field: a bare word, or in quotes.
    private mutating func field() throws(TelemetryProblem) -> String {
        skipBlanks()
        let start = at
        var text = ""
        if next == UInt8(ascii: "\"") {
            text = String(validating: try quoted(), as: UTF8.self) ?? ""
        } else {
            text = name()
        }
        guard !text.isEmpty else {
            at = start
            throw unexpected("the name of a field", nil)
        }
        guard text.utf8.count <= LogQuery.nameMax else {
            throw Self.tooLarge("A field's name has more than \(LogQuery.nameMax) bytes.")
        }
        return text
    }

    private mutating func name() -> String {
        let start = at
        while let byte = next, Self.isName(byte) { at += 1 }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private func isWord(_ word: String) -> Bool {
        let end = at + word.utf8.count
        guard end <= bytes.count, end == bytes.count || !Self.isName(bytes[end]) else { return false }
        return String(decoding: bytes[at..<end], as: UTF8.self).lowercased() == word
    }

    private mutating func takeWord(_ word: String) -> Bool {
        skipBlanks()
        guard isWord(word) else { return false }
        at += word.utf8.count
        return true
    }

    private mutating func takeComma() -> Bool {
        skipBlanks()
        guard next == UInt8(ascii: ",") else { return false }
        at += 1
        return true
    }
}

extension LogStage {
    /// Whether it can only stand directly behind the lines.
    fileprivate var isFirst: Bool {
        switch self {
        case .aggregate, .top, .patterns: true
        case .fields, .sort, .limit: false
        }
    }

    fileprivate var isLimit: Bool { if case .limit = self { true } else { false } }
}
