import Synchronization
import SystemPackage

/// Keeps time series on disk: a log of what came, a head of it in memory, and blocks that never change.
///
/// Points are in the log before they are anywhere else. Now and then the head is frozen and made into
/// blocks, one for each step, with what the coarser archives have of it; then its log is removed. Blocks
/// that are next to each other are merged into fewer. A query lays what is known over each other in the
/// order in which it came. Formats: docs/formats/series.md.
package final class SeriesStore: Sendable {
    let folder: FilePath
    let files: any FileSystem
    let options: SeriesStoreOptions
    let clock: @Sendable () -> Int64
    let log: WriteAheadLog
    /// Taken before `state` by whoever changes files, for as long as it does.
    let maintenance: Mutex<Maintenance>
    let state: Mutex<StoreState>
    let counters = StoreCounters()
    private let claim: any Sendable

    init(
        folder: FilePath, files: any FileSystem, options: SeriesStoreOptions, clock: @escaping @Sendable () -> Int64,
        claim: any Sendable, log: WriteAheadLog, manifest: Manifest, state: consuming sending StoreState
    ) {
        self.folder = folder
        self.files = files
        self.options = options
        self.clock = clock
        self.claim = claim
        self.log = log
        maintenance = Mutex(Maintenance(manifest: manifest))
        self.state = Mutex(state)
    }

    static func logFolder(_ folder: FilePath) -> FilePath { folder.appending("log") }
    static func blockFolder(_ folder: FilePath) -> FilePath { folder.appending("blocks") }

    var blockFolder: FilePath { Self.blockFolder(folder) }

    /// Returns when everything appended so far outlasts a loss of power.
    package func sync() throws(TelemetryProblem) { try sync(through: log.end) }

    private func sync(through position: WriteAheadLog.Position) throws(TelemetryProblem) {
        let began = ContinuousClock.now
        do throws(FileFault) {
            try log.sync(through: position)
        } catch {
            throw error.problem("Points were not made safe.")
        }
        counters.synced(in: ContinuousClock.now - began)
    }

    /// Takes other rules and another cap. Rules are for series that are new from now on; those that are there
    /// follow when the store is opened the next time.
    package func configure(rules: [RetentionRule], seriesMax: Int) {
        state.withLock { state in
            state.configure(rules)
            state.seriesMax = seriesMax
        }
    }

    package var statistics: SeriesStoreStatistics {
        var result = state.withLock { state in
            var result = SeriesStoreStatistics()
            result.points = state.points
            result.refused = state.refused
            result.refusedBySource = state.refusedBySource
            result.series = state.table.liveCount
            for (source, count) in zip(state.table.sources, state.table.counts) {
                result.seriesBySource[source] = count
            }
            let blocks = state.blocks.values.joined()
            result.blocks = blocks.count
            result.blockBytes = blocks.reduce(0) { $0 + $1.info.bytes }
            result.headBytes = state.active.footprint + (state.frozen?.footprint ?? 0)
            result.indexBytes = state.table.footprint + state.index.footprint
            return result
        }
        result.logBytes = log.bytes
        counters.fill(&result)
        return result
    }
}

extension SeriesStore: PointSink {
    package func series(named name: Span<UInt8>, source: SourceName) -> SeriesID? {
        name.withUnsafeBytes { raw in
            state.withLock { state in
                if let place = state.table.place(of: raw) { return SeriesID(index: place) }
                guard SeriesName.isCanonical(raw) else {
                    state.refuse(.nameInvalid)
                    return nil
                }
                guard let place = state.table.place(of: source),
                    state.table.counts[Int(place)] < options.seriesMaxBySource[source] ?? state.seriesMax
                else {
                    state.refuse(.sourceFull)
                    state.refusedBySource[source, default: 0] += 1
                    return nil
                }
                return SeriesID(index: state.addAndLog(raw, source: place, now: clock()))
            }
        }
    }

    package func append(_ points: [SeriesPoint]) throws(TelemetryProblem) {
        let now = clock()
        let position: WriteAheadLog.Position
        do throws(FileFault) {
            position = try state.withLock { state throws(FileFault) in
                try state.append(points, now: now, to: log)
            }
        } catch {
            throw error.problem("Points were not taken.")
        }
        if options.durability == .everyAppend { try sync(through: position) }
    }
}

extension SeriesName {
    /// Whether bytes are a name as it is kept. Only new names are asked, so this may be slow.
    static func isCanonical(_ raw: UnsafeRawBufferPointer) -> Bool {
        guard raw.count <= bytesMax, let text = String(validating: raw, as: UTF8.self) else { return false }
        return (try? SeriesName(text))?.text == text
    }
}

/// What is counted without the store's lock.
final class StoreCounters: Sendable {
    private let syncs = Atomic<Int>(0)
    private let syncNanoseconds = Atomic<Int>(0)
    let flushes = Atomic<Int>(0)
    let merges = Atomic<Int>(0)
    let damagedChunks = Atomic<Int>(0)

    func synced(in duration: Duration) {
        syncs.add(1, ordering: .relaxed)
        let (seconds, attoseconds) = duration.components
        syncNanoseconds.add(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000), ordering: .relaxed)
    }

    func fill(_ statistics: inout SeriesStoreStatistics) {
        statistics.syncs = syncs.load(ordering: .relaxed)
        statistics.syncNanoseconds = syncNanoseconds.load(ordering: .relaxed)
        statistics.flushes = flushes.load(ordering: .relaxed)
        statistics.merges = merges.load(ordering: .relaxed)
        statistics.damagedChunks = damagedChunks.load(ordering: .relaxed)
    }
}

/// What only maintenance changes.
struct Maintenance: Sendable {
    var manifest: Manifest
    /// Ahead of the manifest's after a flush or a merge that failed.
    private(set) var nextFile: UInt64

    init(manifest: Manifest) {
        self.manifest = manifest
        nextFile = manifest.nextFile
    }

    mutating func newFile() -> UInt64 {
        defer { nextFile += 1 }
        return nextFile
    }
}
