/// A word in memory.
struct WordPlace: BitwiseCopyable {
    var start: UnsafePointer<UInt8>
    var count: Int

    init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = count
    }

    @inline(__always)
    var bytes: [UInt8] { Array(UnsafeBufferPointer(start: start, count: count)) }

    @inline(__always)
    func equals(_ other: WordPlace) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index &+ 8 <= count {
            let left = UnsafeRawPointer(start + index).loadUnaligned(as: UInt64.self)
            let right = UnsafeRawPointer(other.start + index).loadUnaligned(as: UInt64.self)
            if left != right { return false }
            index &+= 8
        }
        while index < count {
            if start[index] != other.start[index] { return false }
            index &+= 1
        }
        return true
    }

    /// The same for equal words. It is no part of the format.
    @inline(__always)
    var hash: UInt64 {
        var hash = UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15
        func step(_ word: UInt64) {
            let product = (hash ^ word).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
            hash = product.high ^ product.low
        }
        var at = 0
        while at &+ 8 <= count {
            step(UnsafeRawPointer(start + at).loadUnaligned(as: UInt64.self))
            at &+= 8
        }
        var rest: UInt64 = 0
        while at < count {
            rest = rest &<< 8 | UInt64(start[at])
            at &+= 1
        }
        step(rest)
        return hash
    }
}
