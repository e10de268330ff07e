/// A file of lines as a host sent them, in the store of objects.
package struct RawLogView: Codable, Hashable, Sendable {
    /// SHA-256 of the packed file, and its name in the store.
    package var key: String
    package var host: String
    /// The path of a file, the name of an instance, or else what the lines are.
    package var name: String
    package var labels: [String: String]
    /// RFC 3339.
    package var from: String
    package var until: String
    package var lines: Int
    /// Of text, and packed.
    package var bytes: Int64
    package var packedBytes: Int64

    package init(
        key: String, host: String, name: String, labels: [String: String], from: String, until: String, lines: Int,
        bytes: Int64, packedBytes: Int64
    ) {
        self.key = key
        self.host = host
        self.name = name
        self.labels = labels
        self.from = from
        self.until = until
        self.lines = lines
        self.bytes = bytes
        self.packedBytes = packedBytes
    }
}
