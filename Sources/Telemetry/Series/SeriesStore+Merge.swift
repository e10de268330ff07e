import Synchronization
import SystemPackage

/// Which blocks of one step become one, so that there are few and old ones can be removed whole.
struct MergePlan {
    /// So many neighbours of a size become one.
    static let width = 4
    /// With more blocks than that, even such that cover much time are merged.
    static let blocksMax = 32

    /// The longest time that an archive keeps points of this step, in seconds.
    let retention: Int
    /// The longest time that a merged block covers, as long as there are not too many: an eighth of the
    /// retention, so that at most an eighth more is kept than is asked for.
    var spanMax: Int { max(retention / 8, 2 * 3600) }

    /// The neighbours that are to be merged; `blocks` are in order of their generations.
    func choice(_ blocks: [BlockInfo]) -> Range<Int>? {
        guard blocks.count >= Self.width else { return nil }
        for start in 0...(blocks.count - Self.width) {
            let run = blocks[start..<start + Self.width]
            if Set(run.map(Self.tier)).count == 1, span(run) <= spanMax { return run.indices }
        }
        guard blocks.count > Self.blocksMax else { return nil }
        let cheapest = (0...(blocks.count - Self.width)).min { left, right in
            bytes(blocks[left..<left + Self.width]) < bytes(blocks[right..<right + Self.width])
        }
        return cheapest.map { $0..<$0 + Self.width }
    }

    /// How often a block was merged, by how many heads are in it.
    private static func tier(_ block: BlockInfo) -> Int {
        let heads = block.generations.upperBound - block.generations.lowerBound + 1
        return (63 - heads.leadingZeroBitCount) / 2
    }

    private func span(_ run: ArraySlice<BlockInfo>) -> Int {
        let first = run.map(\.slots.lowerBound).min() ?? 0
        let last = run.map(\.slots.upperBound).max() ?? 0
        return (last - first + 1) * (run.first?.step ?? 1)
    }

    private func bytes(_ run: ArraySlice<BlockInfo>) -> Int { run.reduce(0) { $0 + $1.bytes } }
}

extension SeriesStore {
    /// Removes blocks that are past every retention, and merges neighbours while there are too many.
    func merge() throws(TelemetryProblem) {
        do {
            try maintenance.withLock { maintenance in
                try expire(&maintenance)
                for step in Set(maintenance.manifest.blocks.map(\.step)).sorted() {
                    while try mergeOnce(step, &maintenance) {}
                }
            }
        } catch let fault as FileFault {
            throw fault.problem("Blocks were not merged.")
        } catch {
            throw error as? TelemetryProblem
                ?? TelemetryProblem(
                    "storage.failed", "Blocks were not merged.", cause: "\(error)", remedy: "They stay as they are.")
        }
    }

    /// Seconds that points of a step are kept by the rule that keeps them longest. What no rule has any more
    /// is kept as long as anything.
    private func retention(_ step: Int, _ rules: RetentionRules) -> Int {
        let archives = rules.policies.flatMap(\.archives)
        return archives.filter { $0.step == step }.map(\.retention).max() ?? archives.map(\.retention).max() ?? 0
    }

    private func expire(_ maintenance: inout Maintenance) throws {
        let now = Int(clock())
        let rules = state.withLock { $0.rules }
        // What a coarser slot is made of has to be there until the slot is over.
        let slack = rules.policies.flatMap(\.archives).map(\.step).max() ?? 0
        let old = maintenance.manifest.blocks.filter {
            ($0.slots.upperBound + 1) * $0.step + retention($0.step, rules) + slack < now
        }
        try replace(old, with: nil, &maintenance)
    }

    /// Makes some blocks of a step into one. Returns whether there were such.
    private func mergeOnce(_ step: Int, _ maintenance: inout Maintenance) throws -> Bool {
        let (rules, all, table) = state.withLock { ($0.rules, $0.blocks[step] ?? [], $0.table) }
        let plan = MergePlan(retention: retention(step, rules))
        guard let choice = plan.choice(all.map(\.info)) else { return false }
        let inputs = Array(all[choice])
        let file = maintenance.newFile()
        let writer = try BlockWriter(BlockInfo.path(file, in: blockFolder), step: step, on: files)
        try write(inputs, step, table, rules, to: writer)
        let bytes = try writer.finish()
        let lower = inputs[0].info.generations.lowerBound
        let upper = inputs[inputs.count - 1].info.generations.upperBound
        let info = writer.slots.map { slots in
            BlockInfo(
                file: file, step: step, generations: lower...upper, slots: slots, chunks: writer.chunks, bytes: bytes)
        }
        try replace(inputs.map(\.info), with: info, &maintenance)
        if info == nil { try files.remove(BlockInfo.path(file, in: blockFolder)) }
        counters.merges.add(1, ordering: .relaxed)
        return true
    }

    /// Puts one block in the place of others; queries that have begun still read those.
    private func replace(_ old: [BlockInfo], with new: BlockInfo?, _ maintenance: inout Maintenance) throws {
        if old.isEmpty { return }
        var manifest = maintenance.manifest
        let gone = Set(old.map(\.file))
        manifest.blocks.removeAll { gone.contains($0.file) }
        if let new { manifest.blocks.append(new) }
        let block = try new.map { try Block($0, in: blockFolder, on: files) }
        try commit(manifest, &maintenance)
        let steps = Set(old.map(\.step))
        state.withLock { state in
            for step in steps { state.blocks[step]?.removeAll { gone.contains($0.info.file) } }
            if let block {
                state.blocks[block.info.step, default: []].append(block)
                state.blocks[block.info.step]?.sort {
                    $0.info.generations.lowerBound < $1.info.generations.lowerBound
                }
            }
        }
        for file in gone { try files.remove(BlockInfo.path(file, in: blockFolder)) }
    }

    /// Writes what blocks have of live series and is not past its retention.
    private func write(
        _ inputs: [Block], _ step: Int, _ table: borrowing SeriesTable, _ rules: RetentionRules,
        to writer: BlockWriter
    ) throws {
        let cursors = inputs.map { BlockCursor($0) }
        for cursor in cursors { try cursor.advance() }
        let decoder = ChunkDecoder()
        let encoder = ChunkEncoder()
        let now = Int(clock())
        var chunk: [UInt8] = []
        var hint = 0
        while let number = cursors.compactMap({ $0.current?.number }).min() {
            let policy = table.place(ofNumber: number, hint: &hint).map {
                rules.policies[Int(table.records[Int($0)].policy)]
            }
            var points = Points()
            for cursor in cursors {
                var mine = Points()
                while let place = cursor.current, place.number == number {
                    if policy != nil { try cursor.decode(place, decoder, into: &mine) }
                    try cursor.advance()
                }
                points.overlay(mine)
            }
            guard let policy else { continue }
            let level = policy.archives.firstIndex { $0.step == step }
            let kept = level.map { policy.archives[$0].retention } ?? policy.reach
            let slack = policy.archives.last?.step ?? 0
            let isAverage = policy.consolidation == .average
            let ratio = isAverage ? level.flatMap { $0 > 0 ? step / policy.archives[$0 - 1].step : nil } ?? 1 : 1
            var start = points.index(of: max(0, now - kept - slack) / step)
            while start < points.count {
                let end = min(points.count, start + ChunkEncoder.pointsMax)
                chunk.removeAll(keepingCapacity: true)
                encoder.encode(points, start..<end, ratio: ratio, isFinal: true, into: &chunk)
                try writer.add(number, first: points.slots[start], last: points.slots[end - 1], chunk)
                start = end
            }
        }
    }
}
