import Synchronization
import SystemPackage
package import Telemetry

extension LogStore {
    static let dayNanoseconds: Int64 = 86_400_000_000_000
    /// Lines of more days than these at once have times that are wrong; the oldest of them share a segment.
    private static let daysMax = 16

    /// Makes all that is in memory segments, and begins the log anew.
    package func flush() throws(TelemetryProblem) { try flush(unlessBusy: false) }

    func flush(unlessBusy: Bool) throws(TelemetryProblem) {
        do throws(FileFault) {
            if unlessBusy {
                _ = try maintenance.withLockIfAvailable { maintenance throws(FileFault) in try flush(&maintenance) }
            } else {
                try maintenance.withLock { maintenance throws(FileFault) in try flush(&maintenance) }
            }
        } catch {
            throw error.problem("Lines did not become a segment.")
        }
    }

    func flush(_ maintenance: inout LogMaintenance) throws(FileFault) {
        let now = clock()
        let (first, frozen, senders) = try state.withLock { state throws(FileFault) in
            let first = try log.cut()
            return (first, state.freeze(now: now), state.senders)
        }
        var manifest = maintenance.manifest
        let segments = try write(frozen, now: now, &maintenance, &manifest)
        manifest.log = first
        manifest.senders = senders.filter { now - $0.value.seen < 365 * Self.dayNanoseconds }
        try files.syncFolder(Self.segmentFolder(folder))
        try commit(manifest, &maintenance)
        maintenance.flushed = now
        state.withLock { state in
            state.memory.removeFirst(frozen.count)
            state.segments += segments
            state.counts.flushes += 1
        }
        try log.remove(before: first)
    }

    /// Replaces the manifest.
    func commit(_ manifest: LogManifest, _ maintenance: inout LogMaintenance) throws(FileFault) {
        var manifest = manifest
        manifest.nextSegment = maintenance.nextSegment
        try files.replace(folder.appending(LogManifest.name), with: manifest.bytes)
        maintenance.manifest = manifest
    }

    private func write(
        _ blocks: [MemoryBlock], now: Int64, _ maintenance: inout LogMaintenance, _ manifest: inout LogManifest
    ) throws(FileFault) -> [StoredSegment] {
        let today = Self.day(now)
        var days = Dictionary(grouping: blocks) { min(Self.day($0.lastTime), today) }
        let late = days.keys.sorted().dropLast(Self.daysMax)
        if let last = late.last {
            let joined = late.flatMap { days.removeValue(forKey: $0) ?? [] }
            days[last] = joined
        }
        var segments: [StoredSegment] = []
        for (day, blocks) in days.sorted(by: { $0.key < $1.key }) {
            let number = maintenance.newSegment()
            let created = blocks.reduce(.min) { max($0, $1.created) }
            let path = Self.segmentFolder(folder).appending(Self.segmentName(number))
            var writer = try SegmentWriter(path, day: day, created: created, on: files)
            // Blocks of a stream lie next to each other.
            for block in blocks.sorted(by: { ("\($0.stream)", $0.firstTime) < ("\($1.stream)", $1.firstTime) }) {
                try writer.append(withWriter { block.sealed(by: $0) })
            }
            segments.append(try finish(&writer, number, path, &manifest))
        }
        return segments
    }

    func finish(
        _ writer: inout SegmentWriter, _ number: UInt64, _ path: FilePath, _ manifest: inout LogManifest
    ) throws(FileFault) -> StoredSegment {
        let bytes = try writer.finish()
        manifest.segments.append(.init(number: number, bytes: bytes, missing: 0))
        do throws(TelemetryProblem) {
            return try StoredSegment(path, number: number, on: files, damage)
        } catch {
            // What was written and cannot be read: the disk's fault.
            throw FileFault(.read, path, .ioError)
        }
    }

    static func day(_ time: Int64) -> Int {
        Int(time >= 0 ? time / dayNanoseconds : (time + 1) / dayNanoseconds - 1)
    }
}
