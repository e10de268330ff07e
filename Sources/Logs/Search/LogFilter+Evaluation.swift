package import Telemetry

extension LogTest {
    /// Whether a value fulfils the test; nil is no value, which fulfils none. Sources that know more of a value than
    /// its bytes must come to the same.
    package func holds(_ value: UnsafeRawBufferPointer?) -> Bool {
        guard let value else { return false }
        switch self {
        case .phrase(let text): return LogWord.contains(text, in: value)
        case .prefix(let text): return LogWord.contains(text, in: value, isPrefix: true)
        case .equals(let text): return value.elementsEqual(text)
        case .range(let range): return LogNumber.parse(value).map(range.contains) ?? false
        case .level(let levels):
            guard value.count <= 16, let level = LogLevel(word: String(decoding: value, as: UTF8.self)) else {
                return false
            }
            return levels.contains(level)
        case .matches(let pattern): return pattern.isMatch(value)
        case .exists: return true
        }
    }

    /// How much it takes to try it on a value, roughly.
    fileprivate var cost: Int {
        switch self {
        case .exists, .level: 1
        case .equals: 2
        case .phrase, .prefix: 4
        case .range: 5
        case .matches(let pattern): pattern.literals.isEmpty ? 20 : 12
        }
    }
}

extension LogFilter {
    /// The same demands, with those first that take the least: what they leave over is all that the others see.
    package func ordered() -> LogFilter {
        switch self {
        case .and(let parts): .and(Self.sorted(parts))
        case .or(let parts): .or(Self.sorted(parts))
        case .not(let part): .not(part.ordered())
        case .all, .condition: self
        }
    }

    private static func sorted(_ parts: [LogFilter]) -> [LogFilter] {
        let ranked = parts.enumerated().map { ($0, $1.ordered(), $1.cost) }
        return ranked.sorted { ($0.2, $0.0) < ($1.2, $1.0) }.map(\.1)
    }

    private var cost: Int {
        switch self {
        case .all: 0
        case .and(let parts), .or(let parts): parts.reduce(1) { $0 + $1.cost }
        case .not(let part): part.cost
        // Messages are longer than fields.
        case .condition(let condition): condition.test.cost * (condition.field == "message" ? 2 : 1)
        }
    }

    /// The rows of `rows` that fulfil the filter.
    package func select(in block: any LogBlock, among rows: RowSet) throws(TelemetryProblem) -> RowSet {
        if rows.isEmpty { return rows }
        switch self {
        case .all: return rows
        case .condition(let condition): return try block.select(condition, among: rows)
        case .not(let part):
            var rest = rows
            rest.subtract(try part.select(in: block, among: rows))
            return rest
        case .and(let parts):
            var rest = rows
            for part in parts {
                rest = try part.select(in: block, among: rest)
                if rest.isEmpty { break }
            }
            return rest
        case .or(let parts):
            var found = RowSet(rows: rows.rows, all: false)
            var rest = rows
            for part in parts {
                let some = try part.select(in: block, among: rest)
                found.formUnion(some)
                rest.subtract(some)
                if rest.isEmpty { break }
            }
            return found
        }
    }

    /// Whether a line of a batch fulfils the filter.
    package func holds(_ batch: LogBatch, _ index: Int) -> Bool {
        switch self {
        case .all: true
        case .condition(let condition): batch.value(of: condition.field, at: index) { condition.test.holds($0) }
        case .not(let part): !part.holds(batch, index)
        case .and(let parts): parts.allSatisfy { $0.holds(batch, index) }
        case .or(let parts): parts.contains { $0.holds(batch, index) }
        }
    }
}
