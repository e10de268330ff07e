import CZstd
import Core

/// Reads a file that is one zstd frame, within limits. Memory is bounded whatever the frame's
/// header asks for.
final class DecompressedFile {
    /// 8 MiB. The level that packages are written with needs 2 MiB.
    static let windowBytesMaxLog: CInt = 23

    private let file: OpenFile
    private let context: OpaquePointer
    private let unpackedBytesMax: Int64
    private let archiveBytes: Int64
    private let limits: UnpackLimits
    private let packed = UnsafeMutableRawBufferPointer.allocate(byteCount: OpenFile.chunkBytes, alignment: 16)
    private var packedRange = 0..<0
    private let unpacked = UnsafeMutableRawBufferPointer.allocate(byteCount: OpenFile.chunkBytes, alignment: 16)
    private var unpackedRange = 0..<0
    private var unpackedBytes: Int64 = 0
    private var frameHasEnded = false

    init(_ file: OpenFile, archiveBytes: Int64, limits: UnpackLimits) {
        guard let context = ZSTD_createDCtx() else { preconditionFailure("There is no memory for a decompressor.") }
        self.file = file
        self.context = context
        self.limits = limits
        self.archiveBytes = archiveBytes
        unpackedBytesMax = limits.unpackedBytesMax(archiveBytes: archiveBytes)
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowBytesMaxLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
        packed.deallocate()
        unpacked.deallocate()
    }

    /// Reads exactly `count` bytes in chunks.
    func read(_ count: Int64, _ body: (UnsafeRawBufferPointer) throws(Problem) -> Void) throws(Problem) {
        var rest = count
        while rest > 0 {
            if unpackedRange.isEmpty, try !fill() { throw TarHeader.malformed("It ends too early.") }
            let step = Int(min(rest, Int64(unpackedRange.count)))
            let range = unpackedRange.lowerBound..<unpackedRange.lowerBound + step
            try body(UnsafeRawBufferPointer(rebasing: unpacked[range]))
            unpackedRange = range.upperBound..<unpackedRange.upperBound
            rest -= Int64(step)
        }
    }

    /// - Throws: `package.malformed` unless everything was read, and nothing follows the frame.
    func expectEnd() throws(Problem) {
        var hasMore = !unpackedRange.isEmpty
        if !hasMore { hasMore = try fill() }
        if !hasMore && packedRange.isEmpty { try fillPacked() }
        guard !hasMore, packedRange.isEmpty else { throw TarHeader.malformed("There are bytes after its end.") }
    }

    /// - Returns: false if the frame has ended.
    private func fill() throws(Problem) -> Bool {
        while !frameHasEnded {
            // Once with no input: what the decoder holds back needs none.
            var room = ZSTD_outBuffer(dst: unpacked.baseAddress, size: unpacked.count, pos: 0)
            if packedRange.isEmpty { try fillPacked() }
            let isAtEnd = packedRange.isEmpty
            var input = ZSTD_inBuffer(
                src: packed.baseAddress, size: packedRange.upperBound, pos: packedRange.lowerBound)
            let rest = ZSTD_decompressStream(context, &room, &input)
            guard ZSTD_isError(rest) == 0 else {
                throw TarHeader.malformed(
                    "It is not compressed as it should be: \(String(cString: ZSTD_getErrorName(rest))).")
            }
            packedRange = input.pos..<packedRange.upperBound
            frameHasEnded = rest == 0
            if room.pos > 0 {
                unpackedBytes += Int64(room.pos)
                if unpackedBytes > unpackedBytesMax {
                    try limits.check(unpackedBytes: unpackedBytes, archiveBytes: archiveBytes)
                }
                unpackedRange = 0..<room.pos
                return true
            }
            if isAtEnd && !frameHasEnded { throw TarHeader.malformed("It ends too early.") }
        }
        return false
    }

    private func fillPacked() throws(Problem) { packedRange = 0..<(try file.read(into: packed)) }
}
