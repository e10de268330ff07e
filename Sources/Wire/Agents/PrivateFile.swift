package import Core
import Glibc

/// A small file that only its owner can read, written whole or not at all: what server and agent
/// keep their keys in.
package enum PrivateFile {
    private static let bytesMax = 16 << 20

    /// - Returns: the file's bytes, or nil if there is no such file.
    /// - Throws: `file.failed`, also if others than the owner can read it.
    package static func read(_ path: String) throws(Problem) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 && errno == ENOENT { return nil }
        guard descriptor >= 0 else { throw failure("opened", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path) }
        guard status.st_mode & 0o077 == 0 else {
            throw Problem(
                "file.not-private", "The file \(quotedForMessage(path, lengthMax: 200)) was not used.",
                cause: "Others than its owner can read or change it.",
                remedy: "Give it the mode 0600, and find out who changed it.")
        }
        guard (0...bytesMax).contains(Int(status.st_size)) else {
            errno = EFBIG
            throw failure("read", path)
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if read < 0 && errno == EINTR { continue }
            guard read >= 0 else { throw failure("read", path) }
            guard read > 0 else { break }
            count += read
        }
        return Array(bytes.prefix(count))
    }

    /// Writes beside the file, then renames: a reader sees the old bytes or the new ones, also
    /// after a crash.
    /// - Parameter survivesPowerCut: whether the new bytes must be what is found after one. Without,
    ///   it may be the old ones.
    /// - Throws: `file.failed`.
    package static func write(
        _ bytes: some Sequence<UInt8>, to path: String, survivesPowerCut: Bool = true
    ) throws(Problem) {
        let bytes = Array(bytes)
        let temporary = path + ".new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("created", temporary) }
        var isWritten = true
        var count = 0
        while count < bytes.count && isWritten {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + count, $0.count - count) }
            if written > 0 { count += written } else { isWritten = written < 0 && errno == EINTR }
        }
        isWritten = isWritten && fsync(descriptor) == 0
        let failedWith = errno
        close(descriptor)
        guard isWritten, rename(temporary, path) == 0 else {
            if !isWritten { errno = failedWith }
            let problem = failure("written", path)
            unlink(temporary)
            throw problem
        }
        if survivesPowerCut { synchronizeFolder(of: path) }
    }

    /// Makes the folder, and the folders above it, for the owner alone.
    /// - Throws: `file.failed`.
    package static func makeFolder(_ path: String) throws(Problem) {
        var partial = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            partial += part
            if mkdir(partial, 0o700) != 0 && errno != EEXIST { throw failure("created", partial) }
            partial += "/"
        }
    }

    private static func synchronizeFolder(of path: String) {
        let end = path.lastIndex(of: "/")
        let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ verb: String, _ path: String) -> Problem {
        Problem(
            "file.failed", "The file \(quotedForMessage(path, lengthMax: 200)) could not be \(verb).",
            cause: "The system says: \(String(cString: strerror(errno))).",
            remedy: "Check that the folder exists, belongs to Apus, and has room.")
    }
}
