import Synchronization
import SystemPackage

extension SeriesStore {
    /// Does what is due: makes the head into blocks when it is old or large, merges blocks, removes what is
    /// past its retention and forgets idle series. To be called about once a minute, by one task.
    package func maintain() throws(TelemetryProblem) {
        let now = clock()
        let isDue = state.withLock { state in
            state.frozen != nil || state.active.since.map { now - $0 >= options.flushSeconds } ?? false
                || state.active.footprint >= options.headBytesMax
        }
        if isDue || log.bytes >= options.logBytesMax { try flush() }
        try merge()
        let isIdleDue = state.withLock { state in
            defer { if now - state.idleChecked >= options.flushSeconds { state.idleChecked = now } }
            return now - state.idleChecked >= options.flushSeconds
        }
        if isIdleDue { forgetIdle() }
    }

    /// Makes all points of the head into blocks, and removes their log.
    package func flush() throws(TelemetryProblem) {
        do {
            try maintenance.withLock { maintenance in try flush(&maintenance) }
        } catch let fault as FileFault {
            throw fault.problem("The points in memory were not made into blocks.")
        } catch {
            throw error as? TelemetryProblem
                ?? TelemetryProblem(
                    "storage.failed", "The points in memory were not made into blocks.", cause: "\(error)",
                    remedy: "They are in the log; the next attempt takes them again.")
        }
    }

    private func flush(_ maintenance: inout Maintenance) throws {
        guard let frozen = try freeze() else { return }
        var manifest = maintenance.manifest
        var made: [Int: BlockWriter] = [:]
        var paths: [Int: UInt64] = [:]
        var newest: [(UInt32, Int64)] = []
        try writeBlocks(frozen) { step throws(FileFault) in
            if let writer = made[step] { return writer }
            let file = maintenance.newFile()
            paths[step] = file
            let writer = try BlockWriter(BlockInfo.path(file, in: blockFolder), step: step, on: files)
            made[step] = writer
            return writer
        } newest: {
            newest.append(($0, $1))
        }
        for (step, writer) in made {
            let bytes = try writer.finish()
            guard let slots = writer.slots, let file = paths[step] else { continue }
            manifest.blocks.append(
                BlockInfo(
                    file: file, step: step, generations: frozen.generation...frozen.generation, slots: slots,
                    chunks: writer.chunks, bytes: bytes))
        }
        let fresh = try manifest.blocks.filter { $0.generations.upperBound == frozen.generation }
            .map { try Block($0, in: blockFolder, on: files) }
        let replacedNames = try writeNames(newest, &manifest, &maintenance)
        manifest.generation = frozen.generation + 1
        manifest.log = state.withLock { $0.activeLog }
        do throws(FileFault) {
            try commit(manifest, &maintenance)
        } catch {
            state.withLock { $0.hasNewNames = true }
            throw error
        }
        state.withLock { state in
            for block in fresh { state.blocks[block.info.step, default: []].append(block) }
            state.frozen = nil
        }
        try log.remove(before: manifest.log)
        if let replacedNames { try files.remove(SeriesCatalog.path(replacedNames, in: folder)) }
        counters.flushes.add(1, ordering: .relaxed)
    }

    /// Replaces the manifest; from then on its files are the store's. After a fault the disk may have the one
    /// before or the new one: both are whole as long as no file of either is touched, so numbers of files
    /// are never used twice.
    func commit(_ manifest: Manifest, _ maintenance: inout Maintenance) throws(FileFault) {
        var manifest = manifest
        manifest.nextFile = maintenance.nextFile
        try files.syncFolder(blockFolder)
        try files.replace(folder.appending(Manifest.name), with: manifest.bytes)
        maintenance.manifest = manifest
    }

    /// The head to be made into blocks: the one that an attempt before left, or the active one, after which
    /// a new one takes its place. Nil if there are no points.
    private func freeze() throws(FileFault) -> Head? {
        try state.withLock { state throws(FileFault) in
            if let frozen = state.frozen { return frozen }
            guard state.active.since != nil else { return nil }
            state.activeLog = try log.cut()
            let frozen = state.active
            state.frozen = frozen
            state.active = Head(generation: frozen.generation + 1, seriesCount: state.table.records.count)
            return frozen
        }
    }

    /// Writes the names if there are others than in the file. Returns the file that is no longer needed.
    private func writeNames(
        _ newest: [(UInt32, Int64)], _ manifest: inout Manifest, _ maintenance: inout Maintenance
    ) throws(FileFault) -> UInt64? {
        let table: SeriesTable? = state.withLock { state in
            for (place, time) in newest { state.table.saw(place, at: time) }
            manifest.nextSeries = state.table.nextNumber
            guard state.hasNewNames else { return nil }
            state.hasNewNames = false
            return state.table
        }
        guard let table else { return nil }
        let old = manifest.names
        do throws(FileFault) {
            manifest.names = maintenance.newFile()
            manifest.namesBytes = try SeriesCatalog.write(
                table, to: SeriesCatalog.path(manifest.names, in: folder), on: files)
        } catch {
            state.withLock { $0.hasNewNames = true }
            throw error
        }
        return old == 0 ? nil : old
    }

    /// Writes what a frozen head has, and what it changes in the coarser archives.
    private func writeBlocks(
        _ frozen: Head, _ writer: (Int) throws(FileFault) -> BlockWriter, newest: (UInt32, Int64) -> Void
    ) throws {
        let (records, blocks) = state.withLock { ($0.table.records, $0.blocks) }
        let rules = state.withLock { $0.rules }
        let sealed = SealedReader(blocks)
        let encoder = ChunkEncoder()
        var chunk: [UInt8] = []
        let live = (0..<min(frozen.seriesCount, records.count))
            .filter { records[$0].isLive && records[$0].born <= frozen.generation && frozen.hasPoints($0) }
        for place in live.sorted(by: { records[$0].number < records[$1].number }) {
            let rollup = Rollup(policy: rules.policies[Int(records[place].policy)])
            var finer = Points()
            for (level, archive) in rollup.policy.archives.enumerated() {
                var points = level == 0 ? Points() : rolledUp(level, finer, rollup, records[place].number, sealed)
                frozen.read(place, level: level, 0...(1 << 50) / archive.step, sealed.decoder, over: &points)
                if let last = points.last { newest(UInt32(place), Int64(last * archive.step)) }
                let isAverage = level > 0 && rollup.policy.consolidation == .average
                var start = 0
                while start < points.count {
                    let end = min(points.count, start + ChunkEncoder.pointsMax)
                    chunk.removeAll(keepingCapacity: true)
                    encoder.encode(
                        points, start..<end, ratio: isAverage ? rollup.ratio(level) : 1, isFinal: true, into: &chunk)
                    try writer(archive.step).add(
                        records[place].number, first: points.slots[start], last: points.slots[end - 1], chunk)
                    start = end
                }
                finer = points
            }
        }
    }

    /// What the finer points of a head change in an archive. A finer chunk that cannot be read counts as
    /// missing, so that one bad place on a disk does not keep everything else in memory.
    private func rolledUp(
        _ level: Int, _ finer: Points, _ rollup: Rollup, _ number: UInt64, _ sealed: SealedReader
    ) -> Points {
        guard let needed = rollup.needed(level, for: finer) else { return Points() }
        var known = Points()
        do throws(TelemetryProblem) {
            try sealed.read(number, step: rollup.policy.archives[level - 1].step, needed, over: &known)
        } catch {
            counters.damagedChunks.add(1, ordering: .relaxed)
        }
        known.overlay(finer)
        return rollup.points(level, touched: finer, known: known)
    }
}
