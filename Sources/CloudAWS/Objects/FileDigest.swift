import Core
import Glibc
import NIOCore
import Packages
import SystemPackage

/// The SHA-256 of files, made and checked away from the threads that tasks share.
enum FileDigest {
    static func of(_ path: FilePath) async throws(Problem) -> (size: Int64, digest: Digest) {
        try await Blocking.run { () throws(Problem) in
            var digest = DigestBuilder()
            var size: Int64 = 0
            try OpenFile.reading(path).readAll { chunk in
                digest.update(chunk)
                size += Int64(chunk.count)
            }
            return (size, digest.finish())
        }
    }

    /// Makes a file of the chunks that `next` gives for offsets, until it gives an empty one. There is no file if
    /// it throws.
    static func write(
        to path: FilePath, expecting digest: Digest, next: (Int64) async throws(Problem) -> [UInt8]
    ) async throws(Problem) {
        let file = try OpenFile.making(path)
        do throws(Problem) {
            var found = DigestBuilder()
            var offset: Int64 = 0
            while true {
                let chunk = try await next(offset)
                if chunk.isEmpty { break }
                offset += Int64(chunk.count)
                chunk.withUnsafeBytes { found.update($0) }
                try file.write(chunk)
            }
            try file.synchronize()
            guard found.finish() == digest else {
                throw Problem(
                    "object.corrupt", "The object cannot be used.",
                    cause: "The bytes stored as \(digest) have another SHA-256.",
                    remedy: "Delete the object and build the package again.")
            }
        } catch {
            unlink(path.string)
            throw error
        }
    }
}

/// A file's bytes, for a request's body. It can be read again from its beginning.
struct FileChunks: AsyncSequence, Sendable {
    let path: FilePath
    let bytes: Int

    struct Iterator: AsyncIteratorProtocol {
        let chunks: FileChunks
        var offset = 0

        mutating func next() async throws -> ByteBuffer? {
            let (path, bytes, offset) = (chunks.path, chunks.bytes, offset)
            let chunk = try await Blocking.run { () throws(Problem) in
                let file = try OpenFile.reading(path)
                guard lseek(file.descriptor, off_t(offset), SEEK_SET) >= 0 else { return [UInt8]() }
                let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
                defer { room.deallocate() }
                return Array(room[..<(try file.read(into: room))])
            }
            self.offset += chunk.count
            return chunk.isEmpty ? nil : ByteBuffer(bytes: chunk)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(chunks: self) }
}
