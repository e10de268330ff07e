package import Telemetry

extension ClickHouseLogSource: LogCountingSource {
    /// Groups that are read; with more the lines are.
    private static let groupsMax = 100_000
    /// Longer values are grouped by their beginning, as the search itself does.
    private static let valueMax = 1024

    package var others: (any LogSource)? { nil }

    package func levels(
        _ filter: LogFilter, in window: LogWindow, start: Int64, span: Int64
    ) async throws(TelemetryProblem) -> [LogLevelSum]? {
        let condition = ClickHouseCondition(filter)
        guard condition.isExact else { return nil }
        let body = try await ask(
            """
            \(ClickHouseField.with(condition.numbers))SELECT intDiv(nanoseconds - \(ClickHouseSQL.number(start)), \(ClickHouseSQL.number(span))) AS part, \
            toInt8(level) AS number, toInt64(count()) FROM \(table.place) \
            WHERE \(ClickHouseSQL.all([Self.condition(window), condition.sql])) GROUP BY part, number FORMAT RowBinary
            """)
        let sums: [LogLevelSum]? = ClickHouseRows.read(body) { reader in
            guard let part = reader.fixed(Int64.self), let level = reader.byte().flatMap(LogLevel.init(rawValue:)),
                let count = reader.fixed(Int64.self)
            else { return nil }
            return LogLevelSum(time: start &+ part &* span, level: level, count: Int(count))
        }
        guard let sums else { throw ClickHouseRows.unreadable }
        return sums
    }

    package func sums(
        of aggregation: LogAggregation, _ filter: LogFilter, in window: LogWindow
    ) async throws(TelemetryProblem) -> [LogSum]? {
        let condition = ClickHouseCondition(filter)
        let fields =
            aggregation.aggregates.map(\.field)
            + aggregation.groups.map { group in if case .field(let name) = group { name } else { nil } }
        guard condition.isExact, !fields.contains("time") else { return nil }
        var columns: [String] = []
        var names: [String] = []
        for (index, group) in aggregation.groups.enumerated() {
            switch group {
            case .time(let span):
                let number = ClickHouseSQL.number(span)
                columns.append("nanoseconds - ((nanoseconds % \(number)) + \(number)) % \(number) AS k\(index)")
            case .field(let name):
                let field = ClickHouseField(name)
                columns.append("toUInt8(\(field.exists)) AS e\(index)")
                columns.append("substring(\(field.text), 1, \(Self.valueMax)) AS k\(index)")
                names.append("e\(index)")
            }
            names.append("k\(index)")
        }
        columns += aggregation.aggregates.flatMap(Self.columns) + ["count() AS lines"]
        let select = columns.joined(separator: ", ")
        let grouping =
            names.isEmpty
            ? "" : " GROUP BY \(names.joined(separator: ", ")) ORDER BY lines DESC LIMIT \(Self.groupsMax + 1)"
        let numbers = condition.numbers.union(
            aggregation.aggregates.filter { ![.count, .rate, .distinct].contains($0.function) }.compactMap(\.field))
        let body = try await ask(
            """
            \(ClickHouseField.with(numbers))SELECT \(select) FROM \(table.place) \
            WHERE \(ClickHouseSQL.all([Self.condition(window), condition.sql]))\(grouping) FORMAT RowBinary
            """)
        let sums: [LogSum]? = ClickHouseRows.read(body) { reader in Self.sum(aggregation, &reader) }
        guard let sums else { throw ClickHouseRows.unreadable }
        return sums.count > Self.groupsMax ? nil : sums
    }

    // MARK: - Figures

    private static func columns(_ aggregate: LogAggregate) -> [String] {
        guard let name = aggregate.field else { return ["toInt64(count())"] }
        let field = ClickHouseField(name)
        let number = field.number
        let isNumber = "NOT isNaN(\(number))"
        switch aggregate.function {
        case .count, .rate: return ["toInt64(sum(toUInt8(\(field.exists))))"]
        case .distinct: return ["groupUniqArrayIf(\(field.text), \(field.exists))"]
        case .sum, .avg, .min, .max:
            return [
                "toInt64(sum(\(isNumber)))", "sumIf(\(number), \(isNumber))", "minIf(\(number), \(isNumber))",
                "maxIf(\(number), \(isNumber))",
            ]
        case .percentile:
            let size = "abs(\(number))"
            let isZero = "\(size) < \(ClickHouseSQL.number(LogQuantiles.smallest))"
            let bucket =
                "toInt32(ceil(log(if(\(isZero) OR isNaN(\(number)), 1, \(size))) / \(ClickHouseSQL.number(LogQuantiles.logGamma))))"
            func buckets(_ condition: String) -> [String] {
                let sum =
                    "sumMap(if(\(condition), array(\(bucket)), emptyArrayInt32()), if(\(condition), array(toUInt64(1)), emptyArrayUInt64()))"
                return ["tupleElement(\(sum), 1)", "tupleElement(\(sum), 2)"]
            }
            return [
                "toInt64(sum(\(isNumber)))", "toInt64(sum(\(isNumber) AND \(isZero)))",
                "minIf(\(number), \(isNumber))", "maxIf(\(number), \(isNumber))",
            ] + buckets("\(isNumber) AND NOT (\(isZero)) AND \(number) > 0")
                + buckets("\(isNumber) AND NOT (\(isZero)) AND \(number) < 0")
        }
    }

    private static func sum(_ aggregation: LogAggregation, _ reader: inout ByteReader) -> LogSum? {
        var sum = LogSum(key: [], figures: [])
        for group in aggregation.groups {
            switch group {
            case .time:
                guard let time = reader.fixed(Int64.self) else { return nil }
                sum.key.append(.time(time))
            case .field:
                guard let exists = reader.byte(), let text = reader.bytes() else { return nil }
                sum.key.append(exists == 0 ? .none : .text(text))
            }
        }
        for aggregate in aggregation.aggregates {
            guard let figure = figure(aggregate, &reader) else { return nil }
            sum.figures.append(figure)
        }
        guard let lines = reader.fixed(UInt64.self) else { return nil }
        sum.lines = Int(clamping: lines)
        return sum
    }

    private static func figure(_ aggregate: LogAggregate, _ reader: inout ByteReader) -> LogSum.Figure? {
        switch aggregate.function {
        case .count, .rate: return reader.fixed(Int64.self).map { .lines(Int($0)) }
        case .distinct:
            guard let count = reader.count(limit: reader.remaining) else { return nil }
            var values: [[UInt8]] = []
            for _ in 0..<count {
                guard let value = reader.bytes() else { return nil }
                values.append(value)
            }
            return .values(values)
        case .sum, .avg, .min, .max:
            guard let count = reader.fixed(Int64.self), let sum = reader.double(), let least = reader.double(),
                let greatest = reader.double()
            else { return nil }
            return .numbers(count: Int(count), sum: sum, least: least, greatest: greatest)
        case .percentile:
            guard let count = reader.fixed(Int64.self), let zeros = reader.fixed(Int64.self),
                let least = reader.double(), let greatest = reader.double(), let positive = reader.buckets(),
                let negative = reader.buckets()
            else { return nil }
            return .quantiles(
                LogQuantiles(
                    count: Int(count), zeros: Int(zeros), positive: positive, negative: negative, least: least,
                    greatest: greatest))
        }
    }
}

extension ByteReader {
    fileprivate mutating func double() -> Double? { fixed(UInt64.self).map { Double(bitPattern: $0) } }

    fileprivate mutating func buckets() -> [Int32: Int]? {
        guard let count = count(limit: remaining) else { return nil }
        var keys: [Int32] = []
        for _ in 0..<count {
            guard let key = fixed(Int32.self) else { return nil }
            keys.append(key)
        }
        guard self.count(limit: count) == count else { return nil }
        var buckets: [Int32: Int] = [:]
        for key in keys {
            guard let times = fixed(UInt64.self), let times = Int(exactly: times) else { return nil }
            buckets[key, default: 0] += times
        }
        return buckets
    }
}
