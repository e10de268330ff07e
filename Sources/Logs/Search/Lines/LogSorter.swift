import Telemetry

/// Keeps the lines that come first in an order of their values.
struct LogSorter {
    private struct Kept {
        var values: [LogValue]
        var line: LogLine
    }

    private let keys: [LogSort]
    private let limit: Int
    private var kept: [Kept] = []

    init(_ keys: [LogSort], limit: Int) {
        self.keys = keys
        self.limit = limit
    }

    /// Lines with equal values: the newest first.
    func lines() -> [LogLine] { kept.map(\.line) }

    mutating func add(_ rows: RowSet, of block: any LogBlock, _ budget: LogBudget) throws(TelemetryProblem) {
        var values: [[LogValue]] = Array(repeating: [], count: rows.count)
        for key in keys {
            for (place, value) in try self.values(of: key.key, rows, block).enumerated() { values[place].append(value) }
        }
        var candidates: [(row: Int, values: [LogValue])] = []
        let worst = kept.count < limit ? nil : kept.last?.values
        var place = 0
        rows.forEach { row in
            defer { place += 1 }
            if let worst, order(values[place], worst) > 0 { return }
            candidates.append((row, values[place]))
        }
        candidates.sort { left, right in
            let order = order(left.values, right.values)
            return order != 0 ? order < 0 : left.row > right.row
        }
        candidates = Array(candidates.prefix(limit))
        let lines = try LogLine.lines(of: block, rows: candidates.map(\.row))
        let all = (kept + zip(candidates, lines).map { Kept(values: $0.values, line: $1) }).sorted { left, right in
            let order = order(left.values, right.values)
            return order != 0 ? order < 0 : left.line.position > right.line.position
        }
        kept = Array(all.prefix(limit))
    }

    private func values(
        of key: String, _ rows: RowSet, _ block: any LogBlock
    ) throws(TelemetryProblem) -> [LogValue] {
        var values: [LogValue] = []
        switch key {
        case "time":
            let times = try block.times()
            rows.forEach { values.append(.number(Double(times[$0]))) }
        case "level":
            let levels = try block.levels()
            rows.forEach { values.append(levels[$0] == .none ? .none : .number(Double(levels[$0].rawValue))) }
        default:
            try block.values(of: key, at: rows) { _, value in
                values.append(value.map { LogValue(Array($0)) } ?? .none)
            }
        }
        return values
    }

    private func order(_ left: [LogValue], _ right: [LogValue]) -> Int {
        for (index, key) in keys.enumerated() {
            let order = left[index].compared(to: right[index], isDescending: key.isDescending)
            if order != 0 { return order }
        }
        return 0
    }
}

extension LogLine {
    /// Rows of one block. Their places are counted within the block.
    fileprivate static func lines(of block: any LogBlock, rows: [Int]) throws(TelemetryProblem) -> [LogLine] {
        guard !rows.isEmpty else { return [] }
        let times = try block.times()
        let key = block.stream.key
        let wanted = rows.enumerated().map { index, row in
            var first = row
            while first > 0, times[first - 1] == times[row] { first -= 1 }
            return (
                index: index, row: row,
                position: LogPosition(time: times[row], stream: key, ordinal: UInt64(row - first))
            )
        }
        return try lines(of: block, wanted).sorted { $0.0 < $1.0 }.map(\.1)
    }
}
