import Synchronization

extension SeriesStore {
    /// A series as a query needs it, taken in one moment with the blocks that were there.
    private struct Asked {
        var name: SeriesName
        var number: UInt64
        var policy: SeriesPolicy
        /// The archive that answers.
        var level: Int
        /// The slots of the answer, in steps of its archive.
        var slots: ClosedRange<Int>
        /// Of each archive up to that one, what heads have of the slots that make the answer.
        var heads: [Points]
    }

    /// Series for which the lock is taken once.
    private static let sliceCount = 128

    package func windows(
        _ names: [SeriesName], from: Int64, until: Int64, now: Int64
    ) async throws(TelemetryProblem) -> [SeriesWindow] {
        guard from < until, from > -1 << 40, until < 1 << 40 else { return [] }
        var result: [SeriesWindow] = []
        result.reserveCapacity(names.count)
        var budget = options.windowPointsMax
        let decoder = ChunkDecoder()
        var reader: (blocks: [Int: [Block]], sealed: SealedReader)?
        var start = 0
        while start < names.count {
            let end = min(names.count, start + Self.sliceCount)
            let (asked, blocks) = state.withLock { state in
                (
                    names[start..<end].compactMap { Self.ask($0, from, until, now, state, decoder) },
                    state.blocks
                )
            }
            if reader == nil || !Self.isSame(reader?.blocks, blocks) { reader = (blocks, SealedReader(blocks)) }
            guard let sealed = reader?.sealed else { continue }
            for series in asked {
                budget -= series.slots.count
                guard budget >= 0 else { throw tooMany() }
                result.append(try Self.answer(series, now: now, sealed))
            }
            start = end
        }
        return result
    }

    private static func isSame(_ left: [Int: [Block]]?, _ right: [Int: [Block]]) -> Bool {
        guard let left, left.count == right.count else { return false }
        return left.allSatisfy { step, blocks in
            guard let others = right[step], others.count == blocks.count else { return false }
            return zip(blocks, others).allSatisfy { $0 === $1 }
        }
    }

    private func tooMany() -> TelemetryProblem {
        TelemetryProblem(
            "series.query-too-large", "The points were not read.",
            cause: "The query asks for more than \(options.windowPointsMax) points.",
            remedy: "Ask for fewer series or for a shorter time.")
    }

    private static func ask(
        _ name: SeriesName, _ from: Int64, _ until: Int64, _ now: Int64, _ state: borrowing StoreState,
        _ decoder: ChunkDecoder
    ) -> Asked? {
        var text = name.text
        guard let place = text.withUTF8({ state.table.place(of: UnsafeRawBufferPointer($0)) }) else { return nil }
        let record = state.table.records[Int(place)]
        let policy = state.policy(place)
        let archives = policy.archives
        let level = archives.firstIndex { now - from <= Int64($0.retention) } ?? archives.count - 1
        let step = archives[level].step
        let slots =
            floorDivide(Int(from), step) + 1...max(floorDivide(Int(from), step) + 1, floorDivide(Int(until), step))
        var heads = [Points](repeating: Points(), count: level + 1)
        for finer in 0...level {
            let ratio = step / archives[finer].step
            let range = max(0, slots.lowerBound) * ratio...max(0, slots.upperBound) * ratio + ratio - 1
            if let frozen = state.frozen, record.born <= frozen.generation {
                frozen.read(Int(place), level: finer, range, decoder, over: &heads[finer])
            }
            state.active.read(Int(place), level: finer, range, decoder, over: &heads[finer])
        }
        return Asked(name: name, number: record.number, policy: policy, level: level, slots: slots, heads: heads)
    }

    private static func floorDivide(_ time: Int, _ step: Int) -> Int {
        time >= 0 ? time / step : -((-time + step - 1) / step)
    }

    /// What heads change in the archive that answers, laid over what blocks have of it.
    private static func answer(
        _ asked: Asked, now: Int64, _ sealed: SealedReader
    ) throws(TelemetryProblem) -> SeriesWindow {
        let rollup = Rollup(policy: asked.policy)
        var fresh = asked.heads[0]
        for level in stride(from: 1, through: asked.level, by: 1) {
            var points = Points()
            if let needed = rollup.needed(level, for: fresh) {
                var known = Points()
                try sealed.read(
                    asked.number, step: asked.policy.archives[level - 1].step, needed, over: &known)
                known.overlay(fresh)
                points = rollup.points(level, touched: fresh, known: known)
            }
            points.overlay(asked.heads[level])
            fresh = points
        }
        let archive = asked.policy.archives[asked.level]
        var points = Points()
        try sealed.read(asked.number, step: archive.step, asked.slots, over: &points)
        points.overlay(fresh)
        // A ring of whisper's would have written over what is older.
        let oldest = floorDivide(Int(now) - archive.retention, archive.step) + 1
        var values = [Double](repeating: .nan, count: asked.slots.count)
        for at in points.places(in: asked.slots) where points.slots[at] >= oldest {
            values[points.slots[at] - asked.slots.lowerBound] = points.values[at]
        }
        return SeriesWindow(
            name: asked.name.text, start: Int64(asked.slots.lowerBound * archive.step), step: Int64(archive.step),
            values: values, consolidation: asked.policy.consolidation, xFilesFactor: asked.policy.xFilesFactor)
    }
}
