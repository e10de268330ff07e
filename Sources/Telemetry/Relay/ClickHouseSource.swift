/// Series that a relay has put into ClickHouse, for queries.
///
/// Names are narrowed down by the server as far as its index helps, and matched here, by what the store
/// itself matches with.
package struct ClickHouseSource: SeriesSource {
    /// Names that one pattern may have to be looked through.
    private static let namesMax = 1_000_000
    /// Values of one series; the finest archive with no more of them answers.
    private static let valuesMax = 20_000
    private static let pointsMax = 20_000_000
    /// Bytes of names in one query, which by itself may have 256 KiB: a byte of a name takes two, and each a few.
    private static let nameBytesMax = 32 << 10

    private let table: ClickHouseTable
    private let rules: RetentionRules
    private let ask: @Sendable (_ query: String) async throws(TelemetryProblem) -> [UInt8]

    /// - Parameters:
    ///   - rules: by which archives and means the points of series become coarser.
    ///   - ask: sends a query, and returns the body of the answer.
    package init(
        _ table: ClickHouseTable, rules: [RetentionRule],
        ask: @escaping @Sendable (_ query: String) async throws(TelemetryProblem) -> [UInt8]
    ) {
        self.table = table
        self.rules = RetentionRules(rules)
        self.ask = ask
    }

    package func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] {
        let known = try await known(prefix: Self.prefix(of: pattern), isTagged: false)
        return known.index.tree.find(pattern.utf8).map { match in
            SeriesNode(
                path: String(decoding: match.path, as: UTF8.self), isLeaf: match.series != nil,
                isBranch: match.isBranch)
        }
        .sorted { $0.path < $1.path }
    }

    package func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] {
        if pattern.contains(";") {
            guard let name = try? SeriesName(pattern) else { return [] }
            return try await existing([name])
        }
        let known = try await known(prefix: Self.prefix(of: pattern), isTagged: false)
        return known.index.tree.find(pattern.utf8).filter { $0.series != nil }
            .map { SeriesName(canonical: String(decoding: $0.path, as: UTF8.self)) }.sorted()
    }

    package func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] {
        // What cannot be answered is not asked.
        _ = try SeriesIndex(seed: 0).places(where: conditions, in: SeriesTable(seed: 0, nextNumber: 1))
        let known = try await known(where: conditions)
        return try known.index.places(where: conditions, in: known.table)
            .map { SeriesName(canonical: known.table.names.text(of: $0)) }.sorted()
    }

    package func tagKeys(
        prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let keys = Set(try await pairs(where: conditions).map(\.key))
        return Array(keys.filter { $0.hasPrefix(prefix) }.sorted().prefix(max(0, limit)))
    }

    package func tagValues(
        of key: String, prefix: String, where conditions: [TagCondition], limit: Int
    ) async throws(TelemetryProblem) -> [String] {
        let values = Set(try await pairs(where: conditions).filter { $0.key == key }.map(\.value))
        return Array(values.filter { $0.hasPrefix(prefix) }.sorted().prefix(max(0, limit)))
    }

    private func pairs(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [(
        key: String, value: String
    )] {
        let names =
            conditions.isEmpty
            ? try await known(prefix: [], isTagged: nil).names : try await names(where: conditions)
        return names.flatMap { TagIndex.pairs($0).map { (String($0.0), String($0.1)) } }
    }

    // MARK: - Points

    package func windows(
        _ names: [SeriesName], from: Int64, until: Int64, now: Int64
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        guard from < until, from > -1 << 40, until < 1 << 40 else { return [] }
        let existing = Set(try await existing(names))
        var found: [SeriesName: SeriesWindow] = [:]
        var groups: [Int: [SeriesName]] = [:]
        for name in names where existing.contains(name) {
            var text = name.text
            groups[text.withUTF8 { rules.place(of: UnsafeRawBufferPointer($0)) }, default: []].append(name)
        }
        var budget = Self.pointsMax
        for (place, names) in groups {
            let times = Times(rules.policies[place], from: from, until: until, valuesMax: Self.valuesMax)
            budget -= times.count * names.count
            guard budget >= 0 else {
                throw TelemetryProblem(
                    "series.query-too-large", "The points were not read.",
                    cause: "The query asks for more than \(Self.pointsMax) points.",
                    remedy: "Ask for fewer series or for a shorter time.")
            }
            for slice in Self.slices(names) { try await read(slice, times, into: &found) }
        }
        return names.compactMap { found[$0] }
    }

    /// The regular times of an answer.
    private struct Times {
        let policy: SeriesPolicy
        let step: Int64
        /// In steps since 1970.
        let first: Int64
        let count: Int

        init(_ policy: SeriesPolicy, from: Int64, until: Int64, valuesMax: Int) {
            self.policy = policy
            let steps = policy.archives.map { Int64($0.step) }
            let least = (until - from) / Int64(valuesMax)
            step = steps.first { $0 > least } ?? steps.last ?? 60
            first = (from.flooredQuotient(step)) + 1
            count = Int(max(1, until.flooredQuotient(step) - first + 1))
        }

        /// Of what ClickHouse can hold a time for.
        var seconds: Range<Int64> {
            let low = min(max(0, first * step), 1 << 32 - 1)
            return low..<max(low, min((first + Int64(count)) * step, 1 << 32 - 1))
        }
    }

    private func read(
        _ names: [SeriesName], _ times: Times, into found: inout [SeriesName: SeriesWindow]
    ) async throws(TelemetryProblem) {
        for name in names {
            found[name] = SeriesWindow(
                name: name.text, start: times.first * times.step, step: times.step,
                values: [Double](repeating: .nan, count: times.count), consolidation: times.policy.consolidation,
                xFilesFactor: times.policy.xFilesFactor)
        }
        let body = try await ask(query(names, times))
        let isWhole = body.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            while reader.remaining > 0 {
                guard let name = reader.text(limit: SeriesName.bytesMax), let time = reader.fixed(Int64.self),
                    let bits = reader.fixed(UInt64.self)
                else { return false }
                let at = time / times.step - times.first
                if at >= 0, at < Int64(times.count) {
                    found[SeriesName(canonical: name)]?.values[Int(at)] = Double(bitPattern: bits)
                }
            }
            return true
        }
        guard isWhole else { throw Self.unreadable }
    }

    /// In a step of the finest archive the last point that came counts, as in the store; coarser ones are made
    /// of those.
    private func query(_ names: [SeriesName], _ times: Times) -> String {
        let fine = Int64(times.policy.archives[0].step)
        let list = names.map { ClickHouseTable.literal($0.text.utf8) }.joined(separator: ",")
        let inner = """
            SELECT name, toInt64(intDiv(toUInt32(time), \(fine)) * \(fine)) AS slot, argMax(value, sequence) AS v \
            FROM \(table.points) WHERE name IN (\(list)) AND time >= toDateTime(\(times.seconds.lowerBound)) \
            AND time < toDateTime(\(times.seconds.upperBound)) GROUP BY name, slot
            """
        guard times.step > fine else { return inner + " FORMAT RowBinary" }
        let filled = max(1, Int64((Double(times.step / fine) * times.policy.xFilesFactor).rounded(.up)))
        return """
            SELECT name, toInt64(intDiv(slot, \(times.step)) * \(times.step)) AS coarse, \
            \(Self.function(times.policy.consolidation)) AS w FROM (\(inner)) GROUP BY name, coarse \
            HAVING count() >= \(filled) FORMAT RowBinary
            """
    }

    private static func function(_ consolidation: Consolidation) -> String {
        switch consolidation {
        case .average: "avg(v)"
        case .sum: "sum(v)"
        case .min: "min(v)"
        case .max: "max(v)"
        case .last: "argMax(v, slot)"
        case .first: "argMin(v, slot)"
        }
    }

    // MARK: - Names

    /// Names, and how they are found.
    private struct Known {
        var names: [SeriesName] = []
        var table = SeriesTable(seed: 0, nextNumber: 1)
        var index = SeriesIndex(seed: 0)

        mutating func add(_ raw: UnsafeRawBufferPointer) {
            guard table.place(of: raw) == nil, let source = table.place(of: SourceName("clickhouse")) else { return }
            index.add(raw, table.add(raw, source: source, policy: 0, born: 0, now: 0))
            names.append(SeriesName(canonical: String(decoding: raw, as: UTF8.self)))
        }
    }

    private func known(prefix: [UInt8], isTagged: Bool?) async throws(TelemetryProblem) -> Known {
        var filters: [String] = []
        if !prefix.isEmpty {
            filters.append("name >= \(ClickHouseTable.literal(prefix))")
            // Names are UTF-8, which has no byte of all ones.
            filters.append("name < \(ClickHouseTable.literal(prefix + [0xFF]))")
        }
        if let isTagged { filters.append("position(name, ';') \(isTagged ? "> 0" : "= 0")") }
        return try await known(filters)
    }

    private func known(where conditions: [TagCondition]) async throws(TelemetryProblem) -> Known {
        var filters: [String] = []
        for condition in conditions where condition.comparison == .equal && !condition.value.isEmpty {
            if condition.key == "name" {
                let low = Array(condition.value.utf8)
                filters.append(
                    "name >= \(ClickHouseTable.literal(low)) AND name < \(ClickHouseTable.literal(low + [0xFF]))")
            } else {
                let tag = Array(";\(condition.key)=\(condition.value)".utf8)
                filters.append("position(name, \(ClickHouseTable.literal(tag))) > 0")
            }
        }
        return try await known(filters)
    }

    private func known(_ filters: [String]) async throws(TelemetryProblem) -> Known {
        let condition = filters.isEmpty ? "" : " WHERE " + filters.joined(separator: " AND ")
        let body = try await ask(
            "SELECT name FROM \(table.names)\(condition) GROUP BY name LIMIT \(Self.namesMax + 1) FORMAT RowBinary")
        var known = Known()
        let isWhole = body.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            while reader.remaining > 0 {
                guard let count = reader.count(limit: SeriesName.bytesMax), let name = reader.take(count) else {
                    return false
                }
                known.add(name)
            }
            return true
        }
        guard isWhole else { throw Self.unreadable }
        guard known.names.count <= Self.namesMax else {
            throw TelemetryProblem(
                "series.query-too-large", "The series were not looked up.",
                cause: "More than \(Self.namesMax) names begin so.", remedy: "Write more of the path.")
        }
        return known
    }

    private func existing(_ names: [SeriesName]) async throws(TelemetryProblem) -> [SeriesName] {
        var found: [SeriesName] = []
        for slice in Self.slices(names) {
            let list = slice.map { ClickHouseTable.literal($0.text.utf8) }.joined(separator: ",")
            found += try await known(["name IN (\(list))"]).names
        }
        return found
    }

    private static func slices(_ names: [SeriesName]) -> [[SeriesName]] {
        var slices: [[SeriesName]] = []
        var bytes = nameBytesMax
        for name in names {
            if bytes + name.text.utf8.count > nameBytesMax {
                slices.append([])
                bytes = 0
            }
            slices[slices.count - 1].append(name)
            bytes += name.text.utf8.count
        }
        return slices
    }

    /// What a pattern begins with, before anything in it stands for something else. A whole path is no
    /// prefix for what is below it, and needs none.
    private static func prefix(of pattern: String) -> [UInt8] {
        Array(pattern.utf8.prefix { !"*?[]{}".utf8.contains($0) })
    }

    private static var unreadable: TelemetryProblem {
        TelemetryProblem(
            "clickhouse.answer-invalid", "The answer of ClickHouse was not read.",
            cause: "It is not the rows that were asked for.", remedy: "Look at what answers at the relay's address.")
    }
}
