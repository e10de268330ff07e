import CZstd
package import Core
import Glibc
package import SystemPackage

/// Files as one zstd frame each, which any program that knows zstd unpacks.
package enum PackedFile {
    /// What became of a file.
    package struct Made: Sendable {
        /// Of the packed file.
        package var digest: Core.Digest
        package var packedBytes: Int64
        package var bytes: Int64
        package var newlines: Int
    }

    /// - Parameter target: nothing is there.
    package static func pack(_ source: FilePath, to target: FilePath) throws(Problem) -> Made {
        let output = try OpenFile.making(target)
        let packed = CompressedFile(output)
        var (bytes, newlines) = (Int64(0), 0)
        try OpenFile.reading(source).readAll { chunk throws(Problem) in
            bytes += Int64(chunk.count)
            for byte in chunk where byte == 0x0A { newlines += 1 }
            try packed.write(chunk)
        }
        let digest = try packed.finish()
        try output.synchronize()
        return Made(digest: digest, packedBytes: packed.size, bytes: bytes, newlines: newlines)
    }

    /// - Parameter bytes: how many there are when it is unpacked.
    /// - Throws: `object.corrupt` if it is another number, or no frame.
    package static func unpack(_ source: FilePath, bytes: Int) throws(Problem) -> [UInt8] {
        var packed: [UInt8] = []
        try OpenFile.reading(source).readAll { packed.append(contentsOf: $0) }
        var count = 0
        let unpacked = [UInt8](unsafeUninitializedCapacity: bytes) { room, filled in
            count = ZSTD_decompress(room.baseAddress, room.count, packed, packed.count)
            filled = ZSTD_isError(count) == 0 ? count : 0
        }
        guard unpacked.count == bytes, ZSTD_isError(count) == 0 else {
            throw Problem(
                "object.corrupt", "The object cannot be used.",
                cause: "\(source.lastComponent?.string ?? "It") does not unpack to \(bytes) bytes.",
                remedy: "Look at the disk that held it.")
        }
        return unpacked
    }
}
