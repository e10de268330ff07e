import FoundationEssentials
import SystemPackage

/// What a file system says of a file.
struct FileFacts {
    var bytes: Int64
    /// When it was last written, in nanoseconds since 1970.
    var changed: Int64

    /// nil: there is none.
    init?(_ path: FilePath) {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path.string),
            let size = found[.size] as? any BinaryInteger, let date = found[.modificationDate] as? Date
        else { return nil }
        bytes = Int64(size)
        changed = Int64(date.timeIntervalSince1970 * 1000) * 1_000_000
    }
}
