import CZstd
import Core

/// Writes a file as one zstd frame, and hashes it on the way.
///
/// Level, one thread and no dictionary are fixed, so that the same bytes give the same frame
/// with one version of libzstd. Memory is bounded by the level's window of 2 MiB.
final class CompressedFile {
    static let level: CInt = 3

    private let file: OpenFile
    private let context: OpaquePointer
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: OpenFile.chunkBytes, alignment: 16)
    private var hash = DigestBuilder()
    private(set) var size: Int64 = 0

    init(_ file: OpenFile) {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("There is no memory for a compressor.") }
        self.file = file
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Self.level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0)
    }

    deinit {
        ZSTD_freeCCtx(context)
        output.deallocate()
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(Problem) { try compress(bytes, ZSTD_e_continue) }

    /// Ends the frame.
    /// - Returns: the SHA-256 of the file.
    func finish() throws(Problem) -> Digest {
        try compress(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end)
        return hash.finish()
    }

    private func compress(_ bytes: UnsafeRawBufferPointer, _ directive: ZSTD_EndDirective) throws(Problem) {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var isDone = false
        while !isDone {
            var room = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let rest = ZSTD_compressStream2(context, &room, &input, directive)
            guard ZSTD_isError(rest) == 0 else {
                throw Problem(
                    "package.compression", "The package could not be compressed.",
                    cause: String(cString: ZSTD_getErrorName(rest)), remedy: "Try again with more memory.")
            }
            let written = UnsafeRawBufferPointer(rebasing: output[..<room.pos])
            try file.write(written)
            hash.update(written)
            size += Int64(written.count)
            isDone = directive == ZSTD_e_end ? rest == 0 : input.pos == input.size
        }
    }
}
