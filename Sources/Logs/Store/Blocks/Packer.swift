import CZstd
import Telemetry

/// Pieces through zstd, with the memory for it kept from one to the next.
final class Packer {
    private let compressor: OpaquePointer
    private var buffer = Growing<UInt8>(capacity: 1 << 16)

    init() {
        guard let compressor = ZSTD_createCCtx() else { preconditionFailure("no memory for zstd") }
        self.compressor = compressor
        ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, 1)
        ZSTD_CCtx_setParameter(compressor, ZSTD_c_contentSizeFlag, 0)
    }

    deinit { ZSTD_freeCCtx(compressor) }

    /// Appends the bytes to `output`, packed if that makes them fewer. Returns where they are.
    func append(_ bytes: UnsafeRawBufferPointer, to output: inout Growing<UInt8>) -> BlockPart {
        let offset = output.count
        var stored = bytes.count
        if bytes.count > 48 {
            let bound = ZSTD_compressBound(bytes.count)
            output.reserve(bound)
            let size = ZSTD_compress2(compressor, output.start + offset, bound, bytes.baseAddress, bytes.count)
            if ZSTD_isError(size) == 0, size < bytes.count {
                stored = size
                output.setCount(offset + size)
            }
        }
        if stored == bytes.count { output.append(bytes) }
        let written = UnsafeRawBufferPointer(start: output.start + offset, count: stored)
        return BlockPart(offset: offset, stored: stored, plain: bytes.count, checksum: Checksum.of(written))
    }
}

/// Where a piece of a block is: behind the block's header.
struct BlockPart: Hashable, Sendable {
    /// The most bytes that a piece is made of.
    static let bytesMax = 1 << 30

    var offset: Int
    var stored: Int
    /// Bytes when unpacked; as `stored` if it was not packed.
    var plain: Int
    /// Of the stored bytes.
    var checksum: UInt32

    func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: offset)
        bytes.append(varint: stored)
        bytes.append(varint: plain)
        bytes.append(fixed: checksum)
    }

    init(offset: Int, stored: Int, plain: Int, checksum: UInt32) {
        self.offset = offset
        self.stored = stored
        self.plain = plain
        self.checksum = checksum
    }

    init?(_ reader: inout ByteReader) {
        guard let offset = reader.count(), let stored = reader.count(limit: Self.bytesMax),
            let plain = reader.count(limit: Self.bytesMax), stored <= plain, let checksum = reader.fixed(UInt32.self)
        else { return nil }
        self.init(offset: offset, stored: stored, plain: plain, checksum: checksum)
    }
}
