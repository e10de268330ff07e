package import Telemetry

extension LogQuery {
    /// The demands on lines, for sources.
    ///
    /// - Throws: `logs.query-invalid` for what did not come from `init(_:)` and says nothing.
    package func compiled() throws(TelemetryProblem) -> LogFilter { try filter.compiled() }
}

extension LogExpression {
    func compiled() throws(TelemetryProblem) -> LogFilter {
        switch self {
        case .all: return .all
        case .not(let inner): return .not(try inner.compiled())
        case .and(let parts): return .and(try Self.compiled(parts))
        case .or(let parts): return .or(try Self.compiled(parts))
        case .term(let term): return .condition(try term.compiled())
        }
    }

    private static func compiled(_ parts: [LogExpression]) throws(TelemetryProblem) -> [LogFilter] {
        var filters: [LogFilter] = []
        for part in parts { filters.append(try part.compiled()) }
        return filters
    }
}

extension LogTerm {
    func compiled() throws(TelemetryProblem) -> LogCondition {
        let field = field ?? "message"
        switch test {
        case .phrase(let text): return LogCondition(field: field, levelTest(text) ?? .phrase(text.map(LogWord.lower)))
        case .prefix(let text): return LogCondition(field: field, .prefix(text.map(LogWord.lower)))
        case .exact(let text): return LogCondition(field: field, levelTest(text) ?? .equals(text))
        case .exists: return LogCondition(field: field, .exists)
        case .pattern(let text, let ignoresCase):
            return LogCondition(field: field, .matches(try LogRegex(text, ignoresCase: ignoresCase)))
        case .range:
            guard let range = test.compiledRange else {
                throw TelemetryProblem(
                    "logs.query-invalid", "The query was not understood.", cause: "The range `\(self)` is empty.",
                    remedy: "Write the smaller end first.")
            }
            return LogCondition(field: field, range)
        }
    }

    /// `level:warning` means the level, whatever its word in the line was.
    private func levelTest(_ text: [UInt8]) -> LogTest? {
        guard field == "level", let level = LogLevel(word: String(decoding: text, as: UTF8.self)) else { return nil }
        return .level(level...level)
    }
}

extension LogTerm.Bound {
    static func isNumber(_ text: String) -> Bool { LogNumber.parse(Array(text.utf8)) != nil }

    var number: Double? { LogNumber.parse(Array(text.utf8)) }
    var level: LogLevel? { LogLevel(word: text) }
}

extension LogTerm.Test {
    /// What a range asks of values; nil if it is empty or no range.
    var compiledRange: LogTest? {
        guard case .range(let from, let to) = self, from != nil || to != nil else { return nil }
        if from?.number != nil || from == nil, to?.number != nil || to == nil {
            var lower = from?.number ?? -.infinity
            var upper = to?.number ?? .infinity
            if let from, !from.isIncluded { lower = lower.nextUp }
            if let to, !to.isIncluded { upper = upper.nextDown }
            return lower <= upper ? .range(lower...upper) : nil
        }
        var lower = LogLevel.trace.rawValue
        var upper = LogLevel.emergency.rawValue
        if let from {
            guard let level = from.level else { return nil }
            lower = level.rawValue + (from.isIncluded ? 0 : 1)
        }
        if let to {
            guard let level = to.level else { return nil }
            upper = level.rawValue - (to.isIncluded ? 0 : 1)
        }
        guard lower <= upper, let first = LogLevel(rawValue: max(lower, 1)), let last = LogLevel(rawValue: upper),
            first <= last
        else { return nil }
        return .level(first...last)
    }
}
