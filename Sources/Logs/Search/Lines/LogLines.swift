package import Telemetry

/// A part of an answer that consists of lines.
package enum LogLinesPart: Sendable {
    /// Some lines more, in order.
    case lines([LogLine])
    /// Nothing was found in the blocks that were searched since the last part. So whoever waits can say so, or go.
    case progress(LogSearchReport)
    /// The last part.
    case end(LogSearchReport)
}

/// The lines of a search, as they are asked for: nothing is read before somebody wants it, and no more than that.
/// Cancelling the task ends it at the next block.
package struct LogLines: AsyncSequence, Sendable {
    package typealias Element = LogLinesPart
    package typealias Failure = TelemetryProblem

    /// Lines of a part.
    private static let partMax = 200

    let source: any LogSource
    let filter: LogFilter
    let window: LogWindow
    let order: LogOrder
    let start: LogPosition?
    let limits: LogSearchLimits
    let clock: @Sendable () -> Duration

    package func makeAsyncIterator() -> Iterator { Iterator(self) }

    package struct Iterator: AsyncIteratorProtocol {
        private let lines: LogLines
        private let budget: LogBudget
        private var merge: LogMerge?
        private var isDone = false
        private var given = 0
        /// Rows of a time that found no place in the last part.
        private var rest: ArraySlice<LogMerge.Pick> = []
        private var last: LogPosition?

        init(_ lines: LogLines) {
            self.lines = lines
            budget = LogBudget(lines.limits, lines.clock)
        }

        package mutating func next() async throws(TelemetryProblem) -> LogLinesPart? {
            try await next(isolation: #isolation)
        }

        package mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(TelemetryProblem) -> LogLinesPart? {
            if isDone { return nil }
            let merge = try await begun(isolation: actor)
            let room = Swift.min(LogLines.partMax, lines.limits.lines - given)
            var picks: [LogMerge.Pick] = []
            while picks.count < room {
                if rest.isEmpty {
                    guard let next = await merge.next(isolation: actor) else { break }
                    rest = next[...]
                }
                let count = Swift.min(room - picks.count, rest.count)
                picks += rest.prefix(count)
                rest = rest.dropFirst(count)
            }
            if picks.isEmpty { return end() }
            given += picks.count
            last = picks.last?.position
            return .lines(LogLine.lines(of: picks, budget))
        }

        private mutating func begun(isolation: isolated (any Actor)?) async throws(TelemetryProblem) -> LogMerge {
            if let merge { return merge }
            let references = try await lines.source.blocks(in: lines.window, where: lines.filter)
            let merge = LogMerge(
                references, lines.filter.ordered(), lines.window, lines.order, after: lines.start, budget)
            self.merge = merge
            return merge
        }

        private mutating func end() -> LogLinesPart {
            isDone = true
            if merge?.isDone != true {
                if budget.report.stop == nil { budget.report.stop = .lines }
                budget.report.next = last ?? lines.start
            }
            return .end(budget.report)
        }
    }
}

extension LogLine {
    /// Reads rows of blocks that are open, in their order. Those of a block that turns out to be damaged are left out.
    static func lines(of picks: [LogMerge.Pick], _ budget: LogBudget) -> [LogLine] {
        var places: [ObjectIdentifier: [Int]] = [:]
        for (index, pick) in picks.enumerated() { places[ObjectIdentifier(pick.block), default: []].append(index) }
        var lines = [LogLine?](repeating: nil, count: picks.count)
        for indices in places.values {
            let block = picks[indices[0]].block.block
            let read = budget.reading(block) { block throws(TelemetryProblem) -> [(Int, LogLine)] in
                try Self.lines(of: block, indices.map { ($0, picks[$0].row, picks[$0].position) })
            }
            for (index, line) in read ?? [] { lines[index] = line }
        }
        return lines.compactMap { $0 }
    }

    static func lines(
        of block: any LogBlock, _ wanted: [(index: Int, row: Int, position: LogPosition)]
    ) throws(TelemetryProblem) -> [(Int, LogLine)] {
        var rows = RowSet(rows: block.rows, all: false)
        var placeOfRow: [Int: Int] = [:]
        for (place, line) in wanted.enumerated() {
            rows.insert(line.row)
            placeOfRow[line.row] = place
        }
        let levels = try block.levels()
        var lines = wanted.map {
            LogLine(position: $0.position, level: levels[$0.row], stream: block.stream, message: [])
        }
        try block.values(of: "message", at: rows) { row, value in
            if let value, let place = placeOfRow[row] { lines[place].message = Array(value) }
        }
        for name in block.fieldNames.sorted() {
            // A label of the same name is not the line's.
            var hasLabel: [UInt8]?
            if let label = block.stream[name] { hasLabel = Array(label.utf8) }
            try block.values(of: name, at: rows) { row, value in
                guard let value, let place = placeOfRow[row] else { return }
                if let hasLabel, value.elementsEqual(hasLabel) { return }
                // Nor is what every line has a field where another line has one of that name.
                if name == "level", value.elementsEqual(lines[place].level.word.utf8) { return }
                lines[place].fields.append(Field(name, Array(value)))
            }
        }
        return zip(wanted, lines).map { ($0.index, $1) }
    }
}
