import Telemetry

/// Adds up lines, group by group.
///
/// A row's group is a number: the values that it is grouped by are numbered, and each pair of numbers is numbered
/// again, so that no key is made for a row.
struct LogAggregator {
    /// No place was left for a group.
    private static let others = UInt32.max
    /// Longer values are grouped by their beginning.
    private static let valueMax = 1024

    let aggregation: LogAggregation
    private let window: LogWindow
    private let groupsMax: Int
    /// The values of each field that lines are grouped by; number 0 is that there is none.
    private var values: [ByteTable]
    /// For each field but the first: the numbers so far and the next make a number.
    private var pairs: [[UInt64: UInt32]] = []
    private var times: [Int64: UInt32] = [:]
    /// The values of each group.
    private var keys: [[LogTable.Cell]] = []
    private var numbers: [UInt32: UInt32] = [:]
    private var tallies: [LogTally]
    private var rest: [LogTally]
    private(set) var hasOthers = false

    init(_ aggregation: LogAggregation, in window: LogWindow, groupsMax: Int) {
        self.aggregation = aggregation
        self.window = window
        self.groupsMax = max(1, groupsMax)
        values = aggregation.groups.map { _ in ByteTable(seed: .random(in: 0 ... .max)) }
        pairs = aggregation.groups.map { _ in [:] }
        tallies = aggregation.aggregates.map { LogTally($0) }
        rest = aggregation.aggregates.map { LogTally($0, groups: 1) }
        if aggregation.groups.isEmpty {
            keys = [[]]
            numbers[0] = 0
            for index in tallies.indices { tallies[index].grow(to: 1) }
        }
    }

    mutating func add(_ rows: RowSet, of block: any LogBlock) throws(TelemetryProblem) {
        if aggregation.groups.isEmpty, aggregation.aggregates.allSatisfy({ $0.field == nil }) {
            for index in tallies.indices { tallies[index].add(lines: rows.count, to: 0) }
            return
        }
        let groups = try groups(of: rows, in: block)
        for index in tallies.indices { tallies[index].grow(to: keys.count) }
        for (index, aggregate) in aggregation.aggregates.enumerated() {
            if let field = aggregate.field {
                var tally = tallies[index]
                var other = rest[index]
                // Neither is copied: nothing else holds them meanwhile.
                tallies[index] = LogTally(aggregate)
                rest[index] = LogTally(aggregate)
                defer {
                    tallies[index] = tally
                    rest[index] = other
                }
                var place = 0
                try block.values(of: field, at: rows) { _, value in
                    let group = groups[place]
                    place += 1
                    guard let value else { return }
                    if group == Self.others { other.add(value, to: 0) } else { tally.add(value, to: Int(group)) }
                }
            } else {
                for group in groups {
                    if group == Self.others {
                        rest[index].add(lines: 1, to: 0)
                    } else {
                        tallies[index].add(lines: 1, to: Int(group))
                    }
                }
            }
        }
    }

    /// Adds what was added up elsewhere.
    mutating func add(_ sum: LogSum) {
        let group = group(of: sum.key)
        for (index, figure) in sum.figures.enumerated() {
            if group == Self.others {
                rest[index].add(figure, to: 0)
            } else {
                tallies[index].grow(to: keys.count)
                tallies[index].add(figure, to: Int(group))
            }
        }
    }

    private mutating func group(of key: [LogTable.Cell]) -> UInt32 {
        if key.isEmpty { return 0 }
        var found: UInt32 = 0
        for (column, cell) in key.enumerated() {
            let next = number(of: cell, column)
            if next == Self.others {
                hasOthers = true
                return Self.others
            }
            found = column == 0 ? next : number(ofPair: UInt64(found) << 32 | UInt64(next), column)
            if found == Self.others {
                hasOthers = true
                return Self.others
            }
        }
        if let group = numbers[found] { return group }
        guard keys.count < groupsMax else {
            hasOthers = true
            return Self.others
        }
        let group = UInt32(keys.count)
        keys.append(key)
        numbers[found] = group
        return group
    }

    private mutating func number(of cell: LogTable.Cell, _ column: Int) -> UInt32 {
        switch cell {
        case .time(let start):
            if let number = times[start] { return number }
            guard times.count < groupsMax else { return Self.others }
            let number = UInt32(times.count)
            times[start] = number
            return number
        case .text(let text):
            return text.withUnsafeBytes { text in
                if values[column].count >= groupsMax {
                    return values[column].number(of: text).map { $0 + 1 } ?? Self.others
                }
                return values[column].add(text).number + 1
            }
        case .none, .count, .number: return 0
        }
    }

    /// The group of each row, in their order.
    private mutating func groups(of rows: RowSet, in block: any LogBlock) throws(TelemetryProblem) -> [UInt32] {
        let count = rows.count
        var found = [UInt32](repeating: 0, count: count)
        for (column, group) in aggregation.groups.enumerated() {
            let next = try numbers(of: group, column, rows, in: block)
            for place in 0..<count {
                guard found[place] != Self.others, next[place] != Self.others else {
                    found[place] = Self.others
                    continue
                }
                if column == 0 {
                    found[place] = next[place]
                } else {
                    found[place] = number(ofPair: UInt64(found[place]) << 32 | UInt64(next[place]), column)
                }
            }
        }
        var last: (number: UInt32, group: UInt32)?
        for place in 0..<count {
            let number = found[place]
            if number == Self.others {
                hasOthers = true
                continue
            }
            if let last, last.number == number {
                found[place] = last.group
                continue
            }
            let group = try self.group(number, of: place, rows, in: block)
            if group != Self.others { last = (number, group) }
            found[place] = group
        }
        return found
    }

    private mutating func number(ofPair pair: UInt64, _ column: Int) -> UInt32 {
        if let number = pairs[column][pair] { return number }
        guard pairs[column].count < groupsMax else { return Self.others }
        let number = UInt32(pairs[column].count)
        pairs[column][pair] = number
        return number
    }

    /// The numbers of the values of what is grouped by.
    private mutating func numbers(
        of group: LogGroup, _ column: Int, _ rows: RowSet, in block: any LogBlock
    ) throws(TelemetryProblem) -> [UInt32] {
        var found: [UInt32] = []
        found.reserveCapacity(rows.count)
        switch group {
        case .time(let span):
            let all = try block.times()
            var last: (start: Int64, number: UInt32)?
            rows.forEach { row in
                let start = LogSpan.start(of: all[row], span)
                if let last, last.start == start { return found.append(last.number) }
                let number = times[start] ?? (times.count < groupsMax ? UInt32(times.count) : Self.others)
                if number != Self.others { times[start] = number }
                last = (start, number)
                found.append(number)
            }
        case .field(let name):
            var table = values[column]
            values[column] = ByteTable(seed: 0)
            defer { values[column] = table }
            try block.values(of: name, at: rows) { _, value in
                guard let value else { return found.append(0) }
                let text = UnsafeRawBufferPointer(rebasing: value.prefix(Self.valueMax))
                if table.count >= groupsMax {
                    found.append(table.number(of: text).map { $0 + 1 } ?? Self.others)
                } else {
                    found.append(table.add(text).number + 1)
                }
            }
        }
        return found
    }

    /// The group that has a number; a new one if there is room.
    private mutating func group(
        _ number: UInt32, of place: Int, _ rows: RowSet, in block: any LogBlock
    ) throws(TelemetryProblem) -> UInt32 {
        if let group = numbers[number] { return group }
        guard keys.count < groupsMax else {
            hasOthers = true
            return Self.others
        }
        let row = rows.row(at: place)
        var only = RowSet(rows: rows.rows, all: false)
        only.insert(row)
        var key: [LogTable.Cell] = []
        for group in aggregation.groups {
            switch group {
            case .time(let span): key.append(.time(LogSpan.start(of: try block.times()[row], span)))
            case .field(let name):
                var cell = LogTable.Cell.none
                try block.values(of: name, at: only) { _, value in
                    if let value { cell = .text(Array(value.prefix(Self.valueMax))) }
                }
                key.append(cell)
            }
        }
        let group = UInt32(keys.count)
        keys.append(key)
        numbers[number] = group
        return group
    }

    /// The table. Times come in order; without them, the groups with the greatest first figure come first.
    func table(_ report: LogSearchReport) -> LogTable {
        let seconds = Double(aggregation.span ?? max(1, window.until &- window.from)) / 1e9
        var report = report
        if hasOthers, report.stop == nil { report.stop = .groups }
        var table = LogTable(columns: aggregation.columns, rows: [], report: report)
        table.rows = keys.enumerated().map { group, key in key + tallies.map { $0.cell(of: group, seconds) } }
        if hasOthers { table.others = aggregation.groups.map { _ in .none } + rest.map { $0.cell(of: 0, seconds) } }
        let names = aggregation.groups.map { LogSort($0.name) }
        let figure = aggregation.aggregates.first.map { LogSort($0.name, isDescending: true) }
        table.sort(by: aggregation.span == nil ? (figure.map { [$0] } ?? []) + names : [LogSort("time")] + names)
        return table
    }
}

extension LogSpan {
    /// The beginning of the span that a time is in: a multiple of it since 1970.
    static func start(of time: Int64, _ span: Int64) -> Int64 {
        let rest = time % span
        return time &- (rest < 0 ? rest &+ span : rest)
    }
}

extension RowSet {
    /// The row that is at a place of the rows that are in it.
    func row(at place: Int) -> Int {
        var place = place
        for index in words.indices {
            let count = words[index].nonzeroBitCount
            if place >= count {
                place -= count
                continue
            }
            var word = words[index]
            for _ in 0..<place { word &= word - 1 }
            return index << 6 | word.trailingZeroBitCount
        }
        return rows
    }
}
