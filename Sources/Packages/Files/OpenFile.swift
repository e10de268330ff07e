package import Core
package import Glibc
package import SystemPackage

/// A regular file that is held open, and is closed when nobody holds it any more.
package final class OpenFile {
    static let chunkBytes = 256 << 10

    package let descriptor: CInt
    /// For messages.
    let name: String

    init(descriptor: CInt, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { close(descriptor) }

    /// Opens a file to read it. Links in the path are followed: it is one that Apus chose.
    /// - Throws: `package.file` if it is not there, or no regular file.
    package static func reading(_ path: FilePath) throws(Problem) -> OpenFile {
        // Without O_NONBLOCK, a named pipe at this path would hold us for ever.
        let descriptor = open(path.string, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .file("Opening a file", path.string) }
        let file = OpenFile(descriptor: descriptor, name: path.string)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw Problem(
                "package.file", "Opening a file failed.",
                cause: "\(quotedForMessage(path.string, lengthMax: 200)) is no regular file.", remedy: "Give a file.")
        }
        return file
    }

    /// Makes a file that must not be there yet.
    package static func making(_ path: FilePath, mode: mode_t = 0o600) throws(Problem) -> OpenFile {
        let descriptor = open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw .file("Making a file", path.string) }
        return OpenFile(descriptor: descriptor, name: path.string)
    }

    package func status() throws(Problem) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .file("Looking at a file", name) }
        return status
    }

    /// Reads until `bytes` is full or the file ends.
    /// - Returns: how many bytes were read: fewer than asked for only at the end.
    package func read(into bytes: UnsafeMutableRawBufferPointer) throws(Problem) -> Int {
        var count = 0
        while count < bytes.count {
            let step = Glibc.read(descriptor, bytes.baseAddress! + count, bytes.count - count)
            if step == 0 { break }
            if step < 0 {
                if errno == EINTR { continue }
                throw .file("Reading a file", name)
            }
            count += step
        }
        return count
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) {
        var count = 0
        while count < bytes.count {
            let step = Glibc.write(descriptor, bytes.baseAddress! + count, bytes.count - count)
            if step < 0 {
                if errno == EINTR { continue }
                throw .file("Writing a file", name)
            }
            count += step
        }
    }

    package func write(_ bytes: [UInt8]) throws(Problem) {
        try bytes.withRawBytes { (bytes) throws(Problem) in try write(bytes) }
    }

    /// Reads to the end in chunks, from where the file stands.
    package func readAll(_ body: (UnsafeRawBufferPointer) throws(Problem) -> Void) throws(Problem) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkBytes, alignment: 16)
        defer { chunk.deallocate() }
        while true {
            let count = try read(into: chunk)
            if count > 0 { try body(UnsafeRawBufferPointer(rebasing: chunk[..<count])) }
            if count < chunk.count { return }
        }
    }

    func rewind() throws(Problem) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .file("Reading a file", name) }
    }

    func setMode(_ mode: mode_t) throws(Problem) {
        guard fchmod(descriptor, mode) == 0 else { throw .file("Setting a file's mode", name) }
    }

    /// Returns when the file's bytes are on the disk.
    package func synchronize() throws(Problem) {
        guard fsync(descriptor) == 0 else { throw .file("Writing a file to the disk", name) }
    }
}

extension [UInt8] {
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(Problem) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
