import Synchronization
import SystemPackage
package import Telemetry

extension LogStore {
    /// All segments, oldest day first. Their files do not change; one may be gone when it was merged meanwhile.
    package var segments: [LogSegmentInfo] {
        let now = clock()
        let segments = state.withLock { $0.segments }
        return segments.map { segment in
            let directory = segment.directory
            let info = LogManifest.Segment(number: segment.number, bytes: segment.bytes, missing: segment.missing)
            let isAlone =
                segment.bytes >= options.segmentBytesMax
                || !segments.contains {
                    $0.number != segment.number && $0.directory.day == directory.day && !$0.isEvicted
                        && $0.bytes < options.segmentBytesMax
                }
            return LogSegmentInfo(
                name: Self.segmentName(segment.number), path: Self.path(info, in: folder), day: directory.day,
                bytes: segment.bytes, rows: directory.rows, firstTime: directory.firstTime,
                lastTime: directory.lastTime, streams: directory.streams, isEvicted: segment.isEvicted,
                isFinal: segment.isEvicted || Self.isOver(directory.day, now) && isAlone)
        }.sorted { ($0.day, $0.name) < ($1.day, $1.name) }
    }

    /// Gives up the blocks of a segment that the archive has whole. Its filters and its directory stay, so that only
    /// what may hold an answer is fetched. A segment that is gone, or was evicted before, is left as it is.
    package func evict(_ name: String) throws(TelemetryProblem) {
        do throws(FileFault) {
            try maintenance.withLock { maintenance throws(FileFault) in try evict(name, &maintenance) }
        } catch {
            throw error.problem("A segment of lines was not evicted.")
        }
    }

    private func evict(_ name: String, _ maintenance: inout LogMaintenance) throws(FileFault) {
        guard
            let old = state.withLock({ state in
                state.segments.first { Self.segmentName($0.number) == name && !$0.isEvicted }
            }), let place = maintenance.manifest.segments.firstIndex(where: { $0.number == old.number })
        else { return }
        var manifest = maintenance.manifest
        let whole = manifest.segments[place]
        manifest.segments[place].missing = old.directory.filters
        let path = Self.path(manifest.segments[place], in: folder)
        let tail = try old.file.read(old.bytes - old.directory.filters, at: old.directory.filters)
        try files.replace(path, with: tail)
        let new: StoredSegment
        do throws(TelemetryProblem) {
            new = try StoredSegment(path, number: old.number, missing: old.directory.filters, on: files, damage)
        } catch {
            throw FileFault(.read, path, .ioError)
        }
        try commit(manifest, &maintenance)
        state.withLock { state in
            if let place = state.segments.firstIndex(where: { $0.number == old.number }) { state.segments[place] = new }
        }
        try files.remove(Self.path(whole, in: folder))
    }
}
