/// Eight bytes at a time: finding and hashing.
enum Word {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let highs: UInt64 = 0x8080_8080_8080_8080

    /// The lowest set bit is in the first byte that is zero. Higher bits may be wrong, but are only set if
    /// there is one. Source: Bit Twiddling Hacks, "Determine if a word has a zero byte".
    @inline(__always)
    static func zeroBytes(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

    /// The lowest set bit is in the first byte that is below `limit`, which is at most 128. Higher bits may be
    /// wrong, but are only set if there is one.
    @inline(__always)
    static func bytesBelow(_ word: UInt64, _ limit: UInt64) -> UInt64 { (word &- ones &* limit) & ~word & highs }

    @inline(__always)
    static func load(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }

    /// The first `count` bytes (fewer than eight), the others zero.
    @inline(__always)
    static func prefix(_ word: UInt64, _ count: Int) -> UInt64 {
        word & ((1 &<< UInt64(truncatingIfNeeded: count &<< 3)) &- 1)
    }

    /// Multiplies to 128 bits and folds them: the mixer of wyhash.
    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// The hash of bytes, continued from `hash`. Equal to hashing the same bytes in a scan.
    @inline(__always)
    static func hash(_ start: UnsafeRawPointer, count: Int, from hash: UInt64) -> UInt64 {
        var hash = hash
        var offset = 0
        while offset &+ 8 <= count {
            hash = step(hash, load(start + offset))
            offset &+= 8
        }
        return step(hash, prefixed(start + offset, count &- offset))
    }

    @inline(__always)
    static func step(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        mix(hash ^ word, 0xA076_1D64_78BD_642F)
    }

    /// The `count` bytes (fewer than eight) at `start`, not reading beyond them.
    @inline(__always)
    static func prefixed(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
        var word: UInt64 = 0
        var index = 0
        while index < count {
            word |= UInt64(start.load(fromByteOffset: index, as: UInt8.self)) &<< UInt64(index &<< 3)
            index &+= 1
        }
        return word
    }
}
