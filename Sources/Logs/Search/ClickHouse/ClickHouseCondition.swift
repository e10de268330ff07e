import Telemetry

/// A search's demands on a row as a condition of ClickHouse's SQL.
struct ClickHouseCondition {
    /// Holds for every row that fulfils the demands.
    let sql: String
    /// Whether it holds for no others.
    let isExact: Bool
    /// The fields of which there are numbers in it.
    let numbers: Set<String>

    init(_ filter: LogFilter) {
        (sql, isExact) = Self.translate(filter)
        numbers = Self.numbers(filter)
    }

    private static func numbers(_ filter: LogFilter) -> Set<String> {
        switch filter {
        case .all: return []
        case .not(let part): return numbers(part)
        case .and(let parts), .or(let parts): return parts.reduce(into: []) { $0.formUnion(numbers($1)) }
        case .condition(let condition):
            if case .range = condition.test { return [condition.field] }
            return []
        }
    }

    private static func translate(_ filter: LogFilter) -> (String, Bool) {
        switch filter {
        case .all: return ("1", true)
        case .condition(let condition): return translate(condition)
        case .not(let part):
            let (sql, isExact) = translate(part)
            return isExact ? ("NOT (\(sql))", true) : ("1", false)
        case .and(let parts):
            let all = parts.map(translate)
            return (ClickHouseSQL.all(all.map(\.0)), all.allSatisfy(\.1))
        case .or(let parts):
            let all = parts.map(translate)
            return (ClickHouseSQL.any(all.map(\.0)), all.allSatisfy(\.1))
        }
    }

    private static func translate(_ condition: LogCondition) -> (String, Bool) {
        // What a line's time is asked for stands in no column as it is meant.
        if condition.field == "time" { return ("1", false) }
        let field = ClickHouseField(condition.field)
        switch condition.test {
        case .exists: return (field.exists, true)
        case .level(let range): return (field.isLevel(in: range), true)
        case .range(let range):
            var parts = ["NOT isNaN(\(field.number))"]
            if range.lowerBound > -.infinity {
                parts.append("\(field.number) >= \(ClickHouseSQL.number(range.lowerBound))")
            }
            if range.upperBound < .infinity {
                parts.append("\(field.number) <= \(ClickHouseSQL.number(range.upperBound))")
            }
            return (ClickHouseSQL.all(parts), true)
        case .equals(let text):
            return (ClickHouseSQL.all([field.exists, "\(field.text) = \(ClickHouseSQL.text(text))"]), true)
        case .phrase(let text): return (phrase(text, isPrefix: false, field), true)
        case .prefix(let text): return (phrase(text, isPrefix: true, field), true)
        case .matches(let pattern): return matches(pattern, field)
        }
    }

    /// The text without the case of ASCII letters, and no part of a word beside it: `LogWord.contains`.
    private static func phrase(_ text: [UInt8], isPrefix: Bool, _ field: ClickHouseField) -> String {
        guard let first = text.first, let last = text.last else { return field.exists }
        let value = "lower(\(field.text))"
        var parts = [field.exists, "position(\(value), \(ClickHouseSQL.text(text))) > 0"]
        let isBoundLeft = LogWord.isPart(first)
        let isBoundRight = !isPrefix && LogWord.isPart(last)
        if isBoundLeft || isBoundRight {
            // All that is no part of a word: bytes of ASCII but letters, digits and `_`.
            let edge = #"[\x00-/:-@\[-\^`{-\x7f]"#
            let pattern =
                (isBoundLeft ? "(?:^|\(edge))" : "") + ClickHousePattern.escaped(text)
                + (isBoundRight ? "(?:$|\(edge))" : "")
            parts.append("match(\(value), \(ClickHouseSQL.text("(?s:\(pattern))")))")
        }
        return ClickHouseSQL.all(parts)
    }

    private static func matches(_ pattern: any LogPattern, _ field: ClickHouseField) -> (String, Bool) {
        var parts = [field.exists]
        for literal in pattern.literals {
            parts.append("position(\(field.text), \(ClickHouseSQL.text(literal))) > 0")
        }
        guard let regex = pattern as? LogRegex, let translated = ClickHousePattern(regex) else {
            return (ClickHouseSQL.all(parts), false)
        }
        parts.append("match(\(field.text), \(ClickHouseSQL.text(translated.text)))")
        return (ClickHouseSQL.all(parts), translated.isExact)
    }
}
