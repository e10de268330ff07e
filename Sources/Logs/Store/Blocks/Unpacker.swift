import CZstd
import Synchronization

/// Unpacks what zstd has packed, with the memory for it kept from one piece to the next.
final class Unpacker: @unchecked Sendable {
    private static let kept = 4
    private static let idle = Mutex<[Unpacker]>([])

    private let decompressor: OpaquePointer

    private init() {
        guard let decompressor = ZSTD_createDCtx() else { preconditionFailure("no memory for zstd") }
        self.decompressor = decompressor
    }

    deinit { ZSTD_freeDCtx(decompressor) }

    /// The bytes that were packed into `packed`; nil if they are not so many.
    static func unpack(_ packed: UnsafeRawBufferPointer, count: Int) -> [UInt8]? {
        let unpacker = idle.withLock { $0.popLast() } ?? Unpacker()
        defer { idle.withLock { if $0.count < kept { $0.append(unpacker) } } }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { out, filled in
            let size = ZSTD_decompressDCtx(
                unpacker.decompressor, out.baseAddress, out.count, packed.baseAddress, packed.count)
            isWhole = ZSTD_isError(size) == 0 && size == count
            filled = isWhole ? count : 0
        }
        return isWhole ? bytes : nil
    }
}
