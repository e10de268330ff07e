package import Core

/// Lines as a host sent them, in the store of objects: a file of text packed with zstd. A line of the index.
package struct RawLogObject: Codable, Hashable, Sendable {
    /// Of the packed file, and its name in the store.
    package var key: Digest
    /// Where the lines come from: `host`, `app`, `source` and more.
    package var labels: [String: String]
    /// Nanoseconds since 1970.
    package var firstTime: Int64
    package var lastTime: Int64
    package var lines: Int
    /// Of text.
    package var bytes: Int64
    package var packedBytes: Int64

    /// The path of a file, the name of an instance, or else what the lines are.
    package var name: String { labels["path"] ?? labels["instance"] ?? labels["source"] ?? "" }
}

/// A file of text that is still written to, or waits to be stored: beside its text on the server's disk.
struct RawLogPart: Codable, Hashable, Sendable {
    var number: UInt64
    var labels: [String: String]
    /// Nanoseconds since 1970.
    var firstTime: Int64
    var lastTime: Int64
    var bytes: Int64 = 0
    var opened: Instant
    var written: Instant
}
