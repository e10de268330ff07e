import Telemetry

/// Puts the lines of many blocks in order, and opens a block only when its turn comes: of a page of the newest lines
/// none but the newest blocks are read.
final class LogMerge {
    /// A row of a block that is open.
    struct Pick {
        var block: Open
        var row: Int
        var position: LogPosition
    }

    /// A block that is open, with the rows that are wanted.
    final class Open {
        let block: any LogBlock
        fileprivate let times: [Int64]
        fileprivate let stream: UInt64
        /// Its place among the references: of blocks of one stream and time the first of them came last.
        fileprivate let index: Int
        fileprivate let rows: RowSet
        /// The next row that is wanted.
        fileprivate var cursor: Int?

        fileprivate init(_ block: any LogBlock, _ times: [Int64], _ rows: RowSet, _ index: Int) {
            self.block = block
            self.times = times
            self.rows = rows
            self.index = index
            stream = block.stream.key
        }

        /// The first row that is not before a time.
        fileprivate func first(notBefore time: Int64) -> Int {
            var (low, high) = (0, times.count)
            while low < high {
                let middle = (low + high) / 2
                if times[middle] < time { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// The rows of a time.
        fileprivate func rows(at time: Int64) -> Range<Int> {
            first(notBefore: time)..<(time == .max ? times.count : first(notBefore: time + 1))
        }
    }

    private let filter: LogFilter
    private let window: LogWindow
    private let order: LogOrder
    private let after: LogPosition?
    private let budget: LogBudget
    /// Those that are not open yet; the next one is the last.
    private var pending: [(index: Int, reference: any LogBlockReference)]
    /// In the order of arrival, as far as blocks of one stream go.
    private var open: [Open] = []
    /// Whether all lines were given, and the budget has not ended it before.
    private(set) var isDone = false

    init(
        _ references: [any LogBlockReference], _ filter: LogFilter, _ window: LogWindow, _ order: LogOrder,
        after: LogPosition?, _ budget: LogBudget
    ) {
        self.filter = filter
        self.window = window
        self.order = order
        self.after = after
        self.budget = budget
        let isNewestFirst = order == .newestFirst
        pending = references.enumerated().map { ($0, $1) }.filter { entry in
            guard let after else { return true }
            return isNewestFirst ? entry.reference.firstTime <= after.time : entry.reference.lastTime >= after.time
        }
        pending.sort {
            isNewestFirst
                ? ($0.reference.lastTime, $1.index) < ($1.reference.lastTime, $0.index)
                : ($0.reference.firstTime, $1.index) > ($1.reference.firstTime, $0.index)
        }
        budget.report.blocks = pending.count
    }

    /// The rows of the next time that has some, in order; nil at the end, or when the budget ends it.
    func next(isolation: isolated (any Actor)? = #isolation) async -> [Pick]? {
        while true {
            guard await openWhatIsDue(isolation: isolation) else { return nil }
            guard let time = nextTime else {
                isDone = true
                return nil
            }
            let picks = take(time)
            if !picks.isEmpty {
                budget.report.rowsFound += picks.count
                return picks
            }
        }
    }

    private var isNewestFirst: Bool { order == .newestFirst }

    /// The time of the next row that is known.
    private var nextTime: Int64? {
        var next: Int64?
        for block in open {
            guard let cursor = block.cursor else { continue }
            let time = block.times[cursor]
            next = next.map { isNewestFirst ? max($0, time) : min($0, time) } ?? time
        }
        return next
    }

    /// Opens the blocks that may have a row before the next one that is known, or at its time.
    private func openWhatIsDue(isolation: isolated (any Actor)?) async -> Bool {
        var time = nextTime
        while let (index, reference) = pending.last {
            if let time, isNewestFirst ? reference.lastTime < time : reference.firstTime > time { break }
            guard budget.admits() else { return false }
            pending.removeLast()
            guard let block = await budget.open(reference, isolation: isolation) else { continue }
            budget.report.rowsRead += block.rows
            let opened = budget.reading(block) { block throws(TelemetryProblem) -> Open? in
                let rows = try self.filter.select(in: block, among: block.select(self.window))
                return rows.isEmpty ? nil : Open(block, try block.times(), rows, index)
            }
            guard let opened, let opened else { continue }
            opened.cursor = start(of: opened)
            open.insert(opened, at: open.firstIndex { $0.index < index } ?? open.count)
            if let cursor = opened.cursor {
                let found = opened.times[cursor]
                time = time.map { isNewestFirst ? max($0, found) : min($0, found) } ?? found
            }
        }
        return true
    }

    /// The first row that is wanted in a block, at the time of the position behind which to begin at the earliest.
    private func start(of block: Open) -> Int? {
        guard let after else { return next(of: block, from: isNewestFirst ? block.times.count - 1 : 0) }
        let range = block.rows(at: after.time)
        return next(of: block, from: isNewestFirst ? range.upperBound - 1 : range.lowerBound)
    }

    private func next(of block: Open, from row: Int) -> Int? {
        isNewestFirst ? block.rows.last(notAfter: row) : block.rows.first(notBefore: row)
    }

    /// The wanted rows of a time. Rows are counted with those that are not wanted, so that a row's place does not
    /// depend on what is searched.
    private func take(_ time: Int64) -> [Pick] {
        var picks: [Pick] = []
        var counted: [UInt64: UInt64] = [:]
        let streams = Set(
            open.compactMap { block in block.cursor.flatMap { block.times[$0] == time ? block.stream : nil } })
        for block in open where streams.contains(block.stream) {
            let range = block.rows(at: time)
            guard !range.isEmpty else { continue }
            let ordinal = counted[block.stream, default: 0]
            counted[block.stream] = ordinal + UInt64(range.count)
            guard let cursor = block.cursor, range.contains(cursor) else { continue }
            for row in range where block.rows.contains(row) {
                let position = LogPosition(
                    time: time, stream: block.stream, ordinal: ordinal + UInt64(row - range.lowerBound))
                if let after, isNewestFirst ? position >= after : position <= after { continue }
                picks.append(Pick(block: block, row: row, position: position))
            }
            block.cursor = next(of: block, from: isNewestFirst ? range.lowerBound - 1 : range.upperBound)
        }
        close(time)
        return picks.sorted { isNewestFirst ? $0.position > $1.position : $0.position < $1.position }
    }

    /// Forgets blocks that have no rows from a time on.
    private func close(_ time: Int64) {
        open.removeAll { block in
            guard block.cursor == nil, let first = block.times.first, let last = block.times.last else { return false }
            return isNewestFirst ? first >= time : last <= time
        }
    }
}

extension RowSet {
    /// The last row that is in it, from one on downwards.
    func last(notAfter row: Int) -> Int? {
        guard row >= 0, rows > 0 else { return nil }
        let row = Swift.min(row, rows - 1)
        var index = row >> 6
        var word = words[index] & (UInt64.max >> UInt64(63 - row & 63))
        while word == 0 {
            index -= 1
            if index < 0 { return nil }
            word = words[index]
        }
        return index << 6 | (63 - word.leadingZeroBitCount)
    }

    /// The first row that is in it, from one on upwards.
    func first(notBefore row: Int) -> Int? {
        guard row < rows else { return nil }
        let row = Swift.max(row, 0)
        var index = row >> 6
        var word = words[index] & (UInt64.max << UInt64(row & 63))
        while word == 0 {
            index += 1
            if index == words.count { return nil }
            word = words[index]
        }
        return index << 6 | word.trailingZeroBitCount
    }
}
