import Synchronization
import SystemPackage
package import Telemetry

/// Keeps lines on disk: a log of what came, the newest of each stream in memory, and segments of sealed blocks.
///
/// A line is in the log before it is anywhere else, and is acknowledged when the log is safe. Lines of a stream
/// become a block when there are enough of them; now and then all that is in memory becomes segments, one for each
/// day, and the log begins anew. Segments of a day are merged. Formats: docs/formats/log-store.md.
package final class LogStore: Sendable {
    let folder: FilePath
    let files: any FileSystem
    let options: LogStoreOptions
    let clock: @Sendable () -> Int64
    let archive: (any LogArchive)?
    let log: WriteAheadLog
    let damage: DamageCount
    /// Taken before `state` by whoever changes files, for as long as it does.
    let maintenance: Mutex<LogMaintenance>
    let state: Mutex<LogStoreState>
    private let commit: GroupCommit
    private let writers = Mutex<[BlockWriterBox]>([])
    private let claim: any Sendable

    init(
        folder: FilePath, files: any FileSystem, options: LogStoreOptions, clock: @escaping @Sendable () -> Int64,
        archive: (any LogArchive)?, claim: any Sendable, log: WriteAheadLog, manifest: LogManifest,
        state: consuming sending LogStoreState, damage: DamageCount
    ) {
        self.folder = folder
        self.files = files
        self.options = options
        self.clock = clock
        self.archive = archive
        self.claim = claim
        self.log = log
        self.damage = damage
        commit = GroupCommit(log)
        maintenance = Mutex(LogMaintenance(manifest: manifest, flushed: clock(), nextSegment: manifest.nextSegment))
        self.state = Mutex(state)
    }

    static func logFolder(_ folder: FilePath) -> FilePath { folder.appending("log") }
    static func segmentFolder(_ folder: FilePath) -> FilePath { folder.appending("segments") }

    static func segmentName(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits + ".lines"
    }

    /// Where a segment is, or what is left of it here.
    static func path(_ segment: LogManifest.Segment, in folder: FilePath) -> FilePath {
        let name = segmentName(segment.number)
        return segmentFolder(folder).appending(segment.missing > 0 ? name + ".tail" : name)
    }

    /// Whether a batch was taken in already.
    package func isKnown(_ delivery: LogDelivery) -> Bool { state.withLock { $0.isKnown(delivery) } }

    package func configure(retention: [LogRetention]) { state.withLock { $0.retention = retention } }

    /// Lends what makes blocks.
    func withWriter<Result>(_ body: (BlockWriter) -> Result) -> Result {
        let box = writers.withLock { $0.popLast() } ?? BlockWriterBox()
        defer { writers.withLock { if $0.count < 4 { $0.append(box) } } }
        return body(box.writer)
    }

    package var statistics: LogStoreStatistics {
        var result = state.withLock { state in
            var result = state.counts
            let segments = state.segments
            result.segments = segments.count
            result.blocks = segments.reduce(0) { $0 + $1.directory.entries.count }
            result.segmentBytes = segments.reduce(0) { $0 + $1.bytes }
            result.evictedBytes = segments.reduce(0) { $0 + $1.missing }
            result.memoryBytes =
                state.heads.values.reduce(0) { $0 + $1.bytes } + state.memory.reduce(0) { $0 + $1.bytes }
            result.streams = Set(segments.flatMap(\.directory.streams)).union(state.heads.keys).count
            return result
        }
        result.logBytes = log.bytes
        result.damaged = damage.value
        return result
    }
}

extension LogStore: LogSink {
    package func append(_ batch: LogBatch, as delivery: LogDelivery?) async throws(TelemetryProblem) {
        if batch.lines.isEmpty, delivery == nil { return }
        let now = clock()
        let record = StoredBatch.encode(batch, delivery)
        try refuse(record.count)
        let full: [MemoryBlock]
        do throws(FileFault) {
            let position: WriteAheadLog.Position
            (position, full) = try state.withLock { state throws(FileFault) in
                if let delivery, state.isKnown(delivery) {
                    state.counts.repeated += 1
                    // It may be in the log and not safe yet.
                    return (log.end, [])
                }
                let position = try log.append(record[...])
                return (position, state.take(batch, delivery, options, now: now))
            }
            try await commit.wait(for: position)
        } catch {
            throw error.problem("Lines were not taken.")
        }
        // What was acknowledged stays so, whatever becomes of this; `maintain` tries again and says why.
        for block in full { withWriter { _ = block.sealed(by: $0) } }
        if log.bytes >= options.logBytesMax { try? flush(unlessBusy: true) }
    }

    private func refuse(_ bytes: Int) throws(TelemetryProblem) {
        if bytes > options.batchBytesMax {
            throw TelemetryProblem(
                "logs.batch-too-large", "Lines were not taken.",
                cause: "A batch of \(bytes) bytes came; \(options.batchBytesMax) are the most.",
                remedy: "Send fewer lines at once.")
        }
        if log.bytes >= options.logBytesMax * 4 {
            throw TelemetryProblem(
                "logs.store-behind", "Lines were not taken.",
                cause: "\(log.bytes) bytes of lines wait to be put into segments, which fails or is too slow.",
                remedy: "Look at the disk. What was acknowledged is kept; lines are taken again when there is room.")
        }
    }
}

/// One task at a time has a writer.
final class BlockWriterBox: @unchecked Sendable {
    let writer = BlockWriter()
}
