import CZstd

/// Small pieces through zstd, without the four bytes that every frame begins with: whoever reads them knows.
final class Zstd {
    private static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
    private let compressor: OpaquePointer
    private let decompressor: OpaquePointer
    private var buffer: [UInt8] = []

    init() {
        guard let compressor = ZSTD_createCCtx(), let decompressor = ZSTD_createDCtx() else {
            preconditionFailure("no memory for zstd")
        }
        self.compressor = compressor
        self.decompressor = decompressor
        ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, 3)
    }

    deinit {
        ZSTD_freeCCtx(compressor)
        ZSTD_freeDCtx(decompressor)
    }

    /// The compressed bytes, valid until the next call; nil if they are not fewer than `limit`.
    func compress<Result>(
        _ bytes: [UInt8], under limit: Int, _ use: (UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        let bound = ZSTD_compressBound(bytes.count)
        if buffer.count < bound { buffer = [UInt8](repeating: 0, count: bound) }
        return buffer.withUnsafeMutableBytes { out in
            bytes.withUnsafeBytes { raw in
                let size = ZSTD_compress2(compressor, out.baseAddress, out.count, raw.baseAddress, raw.count)
                guard ZSTD_isError(size) == 0, size >= Self.magic.count, size - Self.magic.count < limit else {
                    return nil
                }
                return use(UnsafeRawBufferPointer(rebasing: out[Self.magic.count..<size]))
            }
        }
    }

    /// Reads what `compress` made of exactly `count` bytes; nil if it is not that.
    func decompress(_ bytes: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        buffer.removeAll(keepingCapacity: true)
        buffer.append(contentsOf: Self.magic)
        buffer.append(contentsOf: bytes)
        var whole = false
        let result = [UInt8](unsafeUninitializedCapacity: count) { out, filled in
            let size = ZSTD_decompressDCtx(decompressor, out.baseAddress, out.count, buffer, buffer.count)
            whole = ZSTD_isError(size) == 0 && size == count
            filled = whole ? count : 0
        }
        return whole ? result : nil
    }
}
