/// What lines come to, group by group.
package struct LogTable: Sendable {
    package enum Cell: Hashable, Sendable {
        /// The lines of this group have no value.
        case none
        case text([UInt8])
        case count(Int)
        case number(Double)
        /// Nanoseconds since 1970.
        case time(Int64)
    }

    package var columns: [String]
    /// A cell for each column.
    package var rows: [[Cell]]
    /// The figures of lines whose groups found no place; nil if all did.
    package var others: [Cell]?
    package var report: LogSearchReport

    package init(columns: [String], rows: [[Cell]], others: [Cell]? = nil, report: LogSearchReport = LogSearchReport())
    {
        self.columns = columns
        self.rows = rows
        self.others = others
        self.report = report
    }

    /// Puts rows in order by columns; names that are none change nothing. Equal rows stay as they were.
    package mutating func sort(by keys: [LogSort]) {
        let keys = keys.compactMap { key in columns.firstIndex(of: key.key).map { ($0, key.isDescending) } }
        guard !keys.isEmpty else { return }
        let ranked = rows.enumerated().map { (place: $0, row: $1, values: $1.map(LogValue.init)) }
        rows = ranked.sorted { left, right in
            for (column, isDescending) in keys {
                let order = left.values[column].compared(to: right.values[column], isDescending: isDescending)
                if order != 0 { return order < 0 }
            }
            return left.place < right.place
        }.map(\.row)
    }

    /// Keeps columns, in this order. Names that are none are left out.
    package mutating func keep(_ names: [String]) {
        let kept = names.compactMap { columns.firstIndex(of: $0) }
        columns = kept.map { columns[$0] }
        rows = rows.map { row in kept.map { row[$0] } }
        others = others.map { row in kept.map { row[$0] } }
    }
}

/// A value as it is put in order: numbers by size and before texts, texts by their bytes, what is missing last.
enum LogValue: Hashable, Sendable {
    case number(Double)
    case text([UInt8])
    case none

    init(_ cell: LogTable.Cell) {
        self =
            switch cell {
            case .none: .none
            case .text(let text): LogValue(text)
            case .count(let count): .number(Double(count))
            case .number(let number): .number(number)
            case .time(let time): .number(Double(time))
            }
    }

    init(_ text: [UInt8]) { self = LogNumber.parse(text).map { .number($0) } ?? .text(text) }

    /// Below zero if it comes before the other. What is missing is the last in both directions.
    func compared(to other: LogValue, isDescending: Bool = false) -> Int {
        let order: Int
        switch (self, other) {
        case (.none, .none): return 0
        case (.none, _): return 1
        case (_, .none): return -1
        case (.number(let left), .number(let right)): order = left < right ? -1 : left > right ? 1 : 0
        case (.text(let left), .text(let right)):
            order = left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
        case (.number, .text): order = -1
        case (.text, .number): order = 1
        }
        return isDescending ? -order : order
    }
}
