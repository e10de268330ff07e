/// What the sealed blocks of a store hold of series, at one moment.
final class SealedReader {
    private let blocks: [Int: [Block]]
    private var cursors: [UInt64: BlockCursor] = [:]
    let decoder = ChunkDecoder()

    /// - Parameter blocks: by step, in order of their generations.
    init(_ blocks: [Int: [Block]]) { self.blocks = blocks }

    /// Puts the points of a series in `range` over those given, and perhaps some outside of it.
    func read(
        _ number: UInt64, step: Int, _ range: ClosedRange<Int>, over points: inout Points
    ) throws(TelemetryProblem) {
        for block in blocks[step] ?? []
        where block.info.slots.overlaps(range) {
            let cursor = cursors[block.info.file] ?? BlockCursor(block)
            cursors[block.info.file] = cursor
            try cursor.read(number, range, decoder, over: &points)
        }
    }
}

/// How points of one archive become those of the next. Each slot is made of all finer points that are known
/// of it, so it does not matter in which order they came. Source: whisper.py, `__propagate`.
struct Rollup {
    var policy: SeriesPolicy

    /// How many slots of the archive before one of this level has.
    func ratio(_ level: Int) -> Int { policy.archives[level].step / policy.archives[level - 1].step }

    /// The slots of `level - 1` that make those of `level` in which the given finer points are.
    func needed(_ level: Int, for finer: borrowing Points) -> ClosedRange<Int>? {
        guard let first = finer.first, let last = finer.last else { return nil }
        let ratio = ratio(level)
        return first / ratio * ratio...last / ratio * ratio + ratio - 1
    }

    /// The slots of `level` that new finer points touch.
    ///
    /// - Parameters:
    ///   - touched: the finer points that are new.
    ///   - known: all finer points of those slots, the new ones too.
    func points(_ level: Int, touched: borrowing Points, known: borrowing Points) -> Points {
        let ratio = ratio(level)
        var result = Points()
        var at = 0
        var last: Int?
        for slot in touched.slots {
            let coarse = slot / ratio
            if coarse == last { continue }
            last = coarse
            while at < known.count, known.slots[at] < coarse * ratio { at += 1 }
            let start = at
            while at < known.count, known.slots[at] < coarse * ratio + ratio { at += 1 }
            guard at > start, Double(at - start) / Double(ratio) >= policy.xFilesFactor else { continue }
            result.append(coarse, policy.consolidation.value(of: known.values[start..<at]))
        }
        return result
    }
}

extension Consolidation {
    /// One value for several, at least one.
    func value(of values: ArraySlice<Double>) -> Double {
        switch self {
        case .sum: values.reduce(0, +)
        case .average: values.reduce(0, +) / Double(values.count)
        case .min: values.reduce(.infinity) { Swift.min($0, $1) }
        case .max: values.reduce(-.infinity) { Swift.max($0, $1) }
        case .last: values[values.endIndex - 1]
        case .first: values[values.startIndex]
        }
    }
}
