import Telemetry

/// A field or label of lines, with its most frequent values.
package struct LogFieldSummary: Hashable, Sendable {
    package struct Value: Hashable, Sendable {
        package var value: [UInt8]
        /// Lines that have it.
        package var lines: Int
    }

    package var name: String
    /// Whether it is a label of streams.
    package var isLabel: Bool
    /// Lines that have the field.
    package var lines: Int
    /// How many different values there are; at least so many if `isExact` is false.
    package var distinct: Int
    package var isExact: Bool
    /// The most frequent first.
    package var top: [Value]
}

/// The fields of lines: labels first, then by how many lines have them.
package struct LogFieldList: Sendable {
    package var fields: [LogFieldSummary]
    /// Lines that were looked at.
    package var lines: Int
    package var report: LogSearchReport
}

/// Counts fields of lines and their values.
struct LogFieldTally {
    /// Values of a field that are counted, and the most bytes of one.
    private static let valuesMax = 1000
    private static let valueMax = 256
    private static let fieldsMax = 1000

    private struct Field {
        var isLabel = false
        var lines = 0
        var counts: [[UInt8]: Int] = [:]
        var isExact = true

        mutating func add(_ value: UnsafeRawBufferPointer) {
            lines += 1
            let text = Array(value.prefix(valueMax))
            if let count = counts[text] {
                counts[text] = count + 1
            } else if counts.count < valuesMax {
                counts[text] = 1
            } else {
                isExact = false
            }
        }
    }

    private let sample: Int
    private var fields: [String: Field] = [:]
    private var lines = 0
    private var isWhole = true

    init(sample: Int) { self.sample = max(1, sample) }

    /// Returns whether it wants more.
    mutating func add(_ rows: RowSet, of block: any LogBlock) throws(TelemetryProblem) -> Bool {
        let wanted = newest(sample - lines, of: rows)
        lines += wanted.count
        let labels = block.stream.labels.map(\.name)
        for name in Set(block.fieldNames + labels + ["level"]) where name != "message" {
            guard fields[name] != nil || fields.count < Self.fieldsMax else { continue }
            var field = fields.removeValue(forKey: name) ?? Field()
            defer { if field.lines > 0 { fields[name] = field } }
            if labels.contains(name) { field.isLabel = true }
            try block.values(of: name, at: wanted) { _, value in if let value { field.add(value) } }
        }
        return isWhole && lines < sample
    }

    /// Rows are in order of time.
    private mutating func newest(_ count: Int, of rows: RowSet) -> RowSet {
        var extra = rows.count - count
        if extra <= 0 { return rows }
        isWhole = false
        var rows = rows
        for index in rows.words.indices {
            while extra > 0, rows.words[index] != 0 {
                rows.words[index] &= rows.words[index] - 1
                extra -= 1
            }
            if extra == 0 { break }
        }
        return rows
    }

    func list(_ report: LogSearchReport, top: Int) -> LogFieldList {
        let isWhole = isWhole && lines < sample && !report.isPartial
        let list = fields.map { name, field in
            let ranked = field.counts.sorted {
                $0.value != $1.value ? $0.value > $1.value : $0.key.lexicographicallyPrecedes($1.key)
            }
            return LogFieldSummary(
                name: name, isLabel: field.isLabel, lines: field.lines, distinct: field.counts.count,
                isExact: field.isExact && isWhole,
                top: ranked.prefix(max(0, top)).map { LogFieldSummary.Value(value: $0.key, lines: $0.value) })
        }
        let sorted = list.sorted { left, right in
            if left.isLabel != right.isLabel { return left.isLabel }
            return left.lines != right.lines ? left.lines > right.lines : left.name < right.name
        }
        return LogFieldList(fields: sorted, lines: lines, report: report)
    }
}
