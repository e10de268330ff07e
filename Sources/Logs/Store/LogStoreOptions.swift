/// How a store keeps lines.
package struct LogStoreOptions: Sendable {
    /// The first rule whose labels a stream has decides; streams without a rule are kept for ever.
    package var retention: [LogRetention] = []
    /// A block is made of so many lines, or of so many bytes of their texts.
    package var blockRowsMax = 32_768
    package var blockBytesMax = 4 << 20
    /// Bytes of the log after which everything in memory becomes a segment.
    package var logBytesMax = 128 << 20
    /// Nanoseconds after which it does though there is less.
    package var flushNanoseconds: Int64 = 1_800_000_000_000
    /// Larger segments are left as they are.
    package var segmentBytesMax = 256 << 20
    /// The most bytes of one batch.
    package var batchBytesMax = 256 << 20

    package init() {}
}

/// How long lines of some streams are kept.
package struct LogRetention: Hashable, Sendable {
    /// Labels that a stream has; none: of all.
    package var labels: [LogStream.Label]
    /// Nanoseconds; nil: for ever.
    package var age: Int64?
    /// Bytes on disk of all these streams, after which the oldest go; nil: no limit.
    package var bytes: Int?

    package init(labels: [LogStream.Label] = [], age: Int64? = nil, bytes: Int? = nil) {
        self.labels = labels
        self.age = age
        self.bytes = bytes
    }

    func applies(to stream: LogStream) -> Bool { labels.allSatisfy { stream[$0.name] == $0.value } }
}

/// What opening a store found.
package struct LogStoreReport: Sendable {
    /// Lines that were read from the log.
    package var lines = 0
    package var segments = 0
    /// What was lost or is set aside, in words for people; empty if all is there.
    package var dropped: [String] = []
}

/// What a store counts for its own metrics. Sums are since it was opened.
package struct LogStoreStatistics: Hashable, Sendable {
    package var lines = 0
    /// Batches that were known already.
    package var repeated = 0
    package var flushes = 0
    package var merges = 0
    /// Times that a block or filter was found damaged.
    package var damaged = 0
    package var segments = 0
    package var blocks = 0
    /// Bytes of segments, those in the archive included.
    package var segmentBytes = 0
    package var evictedBytes = 0
    package var logBytes = 0
    /// Bytes of lines in memory, sealed or not.
    package var memoryBytes = 0
    package var streams = 0
}
