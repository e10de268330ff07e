/// Writes bits, the most significant first.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var pending: UInt64 = 0
    private var free = 64

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        pending = 0
        free = 64
    }

    /// Appends the lowest `count` bits, 0…64; those above must be zero.
    @inline(__always) mutating func put(_ bits: UInt64, _ count: Int) {
        if count < free {
            free -= count
            pending |= bits << UInt64(free)
        } else {
            let over = count - free
            spill(pending | (over < 64 ? bits >> UInt64(over) : 0))
            free = 64 - over
            pending = over == 0 ? 0 : bits << UInt64(free)
        }
    }

    /// Fills up the last byte with zeros.
    mutating func finish() {
        let used = (64 - free + 7) / 8
        for index in 0..<used { bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(56 - 8 * index))) }
        pending = 0
        free = 64
    }

    private mutating func spill(_ word: UInt64) {
        withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Reads what a `BitWriter` wrote. Behind the end are zeros; `isPast` says that they were used.
struct BitReader {
    private let base: UnsafeRawPointer?
    private let count: Int
    private var next = 0
    /// Unread bits, from the top; those below `held` are zero.
    private var window: UInt64 = 0
    private var held = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.baseAddress
        count = bytes.count
    }

    var isPast: Bool { next - held / 8 > count }

    /// At least 56 bits in the window.
    @inline(__always) private mutating func fill() {
        if let base, next + 8 <= count {
            let word = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: next, as: UInt64.self))
            window |= word >> UInt64(held)
            let whole = (63 - held) / 8
            next += whole
            held += whole * 8
            // Bits of a byte that is only partly taken must not be there twice.
            window &= ~UInt64(0) << UInt64(64 - held)
        } else {
            fillSlowly()
        }
    }

    private mutating func fillSlowly() {
        while held <= 56 {
            let byte = next < count ? base.map { $0.load(fromByteOffset: next, as: UInt8.self) } ?? 0 : 0
            window |= UInt64(byte) << UInt64(56 - held)
            next += 1
            held += 8
        }
    }

    /// The next `count` bits, 0…56.
    @inline(__always) mutating func take(_ count: Int) -> UInt64 {
        if held < count { fill() }
        let bits = count == 0 ? 0 : window >> UInt64(64 - count)
        window <<= UInt64(count)
        held -= count
        return bits
    }

    /// The next `count` bits, 0…64.
    mutating func takeLong(_ count: Int) -> UInt64 {
        if count <= 32 { return take(count) }
        let high = take(count - 32)
        return high << 32 | take(32)
    }

    /// Counts zeros up to the next one, at most `limit` (32), and takes them with the one behind them, which
    /// is missing after `limit` zeros.
    @inline(__always) mutating func zeros(limit: Int) -> Int {
        if held < limit + 1 { fill() }
        let zeros = window.leadingZeroBitCount
        if zeros < limit {
            window <<= UInt64(zeros + 1)
            held -= zeros + 1
            return zeros
        }
        window <<= UInt64(limit)
        held -= limit
        return limit
    }
}
