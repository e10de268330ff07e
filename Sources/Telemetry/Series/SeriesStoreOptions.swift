/// How a store keeps series.
package struct SeriesStoreOptions: Sendable {
    /// When a source is told that its points are safe.
    package enum Durability: Sendable {
        /// `append` returns when its points outlast a loss of power.
        case everyAppend
        /// `append` returns when the system has its points, which outlast the process; whoever owns the
        /// store calls `sync()` as often as it likes, and a loss of power costs what came since.
        case whenAsked
    }

    package var rules: [RetentionRule]
    package var durability = Durability.everyAppend
    /// The most series of a source that is not in `seriesMaxBySource`.
    package var seriesMax = 1_000_000
    package var seriesMaxBySource: [SourceName: Int] = [:]
    /// Seconds that a time may be ahead of now.
    package var futureMax: Int64 = 3600
    /// Seconds after which the head becomes blocks.
    package var flushSeconds: Int64 = 2 * 3600
    /// Bytes of the log, and of the head in memory, after which the head becomes blocks before its time.
    package var logBytesMax = 1 << 30
    package var headBytesMax = 4 << 30
    /// Bytes of one log file.
    package var segmentBytesMax = 64 << 20
    /// The most points that one query may ask for.
    package var windowPointsMax = 50_000_000

    package init(rules: [RetentionRule] = []) { self.rules = rules }
}

/// What opening a store found.
package struct SeriesStoreReport: Sendable {
    /// Series that are known.
    package var series = 0
    /// Points that were read from the log.
    package var points = 0
    /// What was lost or is set aside, in words for people; empty if all is there.
    package var dropped: [String] = []
    /// Blocks that the manifest named.
    var blocksExpected = 0
}

/// What a store counts for its own metrics. Sums are since it was opened.
package struct SeriesStoreStatistics: Hashable, Sendable {
    /// Why a point or a name was not taken.
    package enum Refusal: String, CaseIterable, Hashable, Sendable {
        /// NaN or infinite.
        case notFinite
        /// Older than the coarsest archive reaches.
        case tooOld
        /// Further ahead than `futureMax`.
        case future
        /// A number that this store did not give.
        case unknownSeries
        /// A name that is not canonical.
        case nameInvalid
        /// A series beyond its source's cap.
        case sourceFull
    }

    package var points = 0
    package var refused: [Refusal: Int] = [:]
    /// Series that their source's cap refused, each time they were asked for.
    package var refusedBySource: [SourceName: Int] = [:]
    package var series = 0
    package var seriesBySource: [SourceName: Int] = [:]
    package var blocks = 0
    package var blockBytes = 0
    package var logBytes = 0
    package var headBytes = 0
    /// Bytes of names and their index in memory.
    package var indexBytes = 0
    package var syncs = 0
    package var syncNanoseconds = 0
    package var flushes = 0
    package var merges = 0
    /// Chunks that could not be read while blocks were made.
    package var damagedChunks = 0
}
