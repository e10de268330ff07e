import Telemetry

/// Lines that differ only in words with digits, as one.
package struct LogPatternGroup: Hashable, Sendable {
    /// With `<*>` where they differ.
    package var text: String
    package var count: Int
    /// How many lines of each level, by its number.
    package var levels: [Int]
    package var firstTime: Int64
    package var lastTime: Int64
    /// The message of one of them.
    package var example: [UInt8]
}

/// The kinds of lines that there are.
package struct LogPatterns: Sendable {
    /// The most frequent first.
    package private(set) var groups: [LogPatternGroup] = []
    /// Lines of kinds that found no place.
    package private(set) var others = 0
    package private(set) var report = LogSearchReport()
    private var places: [String: Int] = [:]

    package init() {}

    mutating func add(_ rows: RowSet, of block: any LogBlock, groupsMax: Int) throws(TelemetryProblem) {
        let times = try block.times()
        let levels = try block.levels()
        var placeOfShape: [Int: Int?] = [:]
        var examples: [Int: Int] = [:]
        for (row, shape) in try block.shapes(at: rows) {
            let place: Int?
            if let known = placeOfShape[shape] {
                place = known
            } else {
                let text = try block.text(ofShape: shape)
                place = places[text] ?? newGroup(text, times[row], groupsMax)
                if let place, groups[place].count == 0 { examples[row] = place }
                placeOfShape[shape] = .some(place)
            }
            guard let place else {
                others += 1
                continue
            }
            groups[place].count += 1
            groups[place].levels[Int(levels[row].rawValue)] += 1
            groups[place].firstTime = min(groups[place].firstTime, times[row])
            groups[place].lastTime = max(groups[place].lastTime, times[row])
        }
        guard !examples.isEmpty else { return }
        var wanted = RowSet(rows: rows.rows, all: false)
        for row in examples.keys { wanted.insert(row) }
        try block.values(of: "message", at: wanted) { row, value in
            if let value, let place = examples[row] { groups[place].example = Array(value) }
        }
    }

    private mutating func newGroup(_ text: String, _ time: Int64, _ groupsMax: Int) -> Int? {
        guard groups.count < groupsMax else { return nil }
        groups.append(
            LogPatternGroup(
                text: text, count: 0, levels: Array(repeating: 0, count: LogLevel.allCases.count), firstTime: time,
                lastTime: time, example: []))
        places[text] = groups.count - 1
        return groups.count - 1
    }

    mutating func finish(_ report: LogSearchReport, limit: Int) {
        self.report = report
        if others > 0, report.stop == nil { self.report.stop = .groups }
        groups.sort { ($1.count, $0.text) < ($0.count, $1.text) }
        for group in groups.dropFirst(max(0, limit)) { others += group.count }
        groups = Array(groups.prefix(max(0, limit)))
        places = [:]
    }
}
