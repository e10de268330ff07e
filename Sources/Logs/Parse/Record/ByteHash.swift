/// A hash of bytes that nobody can aim at who does not know its seed: the mixer of wyhash, eight bytes a step. For
/// tables in memory; no format keeps it.
package enum ByteHash {
    @inline(__always)
    package static func hash(_ start: UnsafeRawPointer, _ count: Int, seed: UInt64) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: count)
        var offset = 0
        while offset &+ 8 <= count {
            hash = step(hash, (start + offset).loadUnaligned(as: UInt64.self))
            offset &+= 8
        }
        let rest = count &- offset
        if rest == 0 { return step(hash, 0) }
        if rest >= 4 {
            let low = UInt64((start + offset).loadUnaligned(as: UInt32.self))
            let high = UInt64((start + (count &- 4)).loadUnaligned(as: UInt32.self))
            return step(hash, low | high &<< 32)
        }
        let first = UInt64(start.load(fromByteOffset: offset, as: UInt8.self))
        let middle = UInt64(start.load(fromByteOffset: offset &+ rest &>> 1, as: UInt8.self))
        let last = UInt64(start.load(fromByteOffset: count &- 1, as: UInt8.self))
        return step(hash, first | middle &<< 8 | last &<< 16)
    }

    @inline(__always)
    package static func hash(_ view: ByteView, seed: UInt64) -> UInt64 { hash(view.start, view.count, seed: seed) }

    /// Multiplies to 128 bits and folds them.
    @inline(__always)
    package static func step(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word ^ 0xE703_7ED1_A0B4_28DB).multipliedFullWidth(by: 0xA076_1D64_78BD_642F ^ hash)
        return product.high ^ product.low
    }
}
