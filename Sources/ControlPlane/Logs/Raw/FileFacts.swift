import Glibc
import SystemPackage

/// What a file system says of a file.
struct FileFacts {
    var bytes: Int64
    /// When it was last written, in nanoseconds since 1970.
    var changed: Int64

    /// nil: there is none.
    init?(_ path: FilePath) {
        var found = stat()
        guard stat(path.string, &found) == 0 else { return nil }
        bytes = Int64(found.st_size)
        changed = Int64(found.st_mtim.tv_sec) * 1_000_000_000 + Int64(found.st_mtim.tv_nsec)
    }
}
