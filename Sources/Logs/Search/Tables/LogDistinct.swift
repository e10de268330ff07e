#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How many different values there are: exact up to a bound, and about 1.6 % off (standard error) beyond it.
///
/// Source: Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog" (AofA 2007), with their correction for small numbers;
/// hashes of 64 bits need none for great ones.
package struct LogDistinct: Hashable, Sendable {
    /// Up to how many values the number is exact.
    package static let exactMax = 1024
    /// `m = 2^12` registers: the standard error is `1.04 / √m`.
    private static let bits: UInt64 = 12

    private var hashes: Set<UInt64> = []
    private var registers: [UInt8] = []

    package init() {}

    package var isExact: Bool { registers.isEmpty }

    package mutating func add(_ value: UnsafeRawBufferPointer) { add(hash: Self.hash(value)) }

    package mutating func merge(_ other: LogDistinct) {
        for hash in other.hashes { add(hash: hash) }
        if other.registers.isEmpty { return }
        spread()
        for (index, rank) in other.registers.enumerated() { registers[index] = max(registers[index], rank) }
    }

    package var count: Int {
        if isExact { return hashes.count }
        let m = Double(registers.count)
        var sum = 0.0
        var empty = 0
        for rank in registers {
            sum += exp2(-Double(rank))
            if rank == 0 { empty += 1 }
        }
        let estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum
        if estimate <= 2.5 * m, empty > 0 { return Int((m * log(m / Double(empty))).rounded()) }
        return Int(estimate.rounded())
    }

    private mutating func add(hash: UInt64) {
        if isExact {
            hashes.insert(hash)
            if hashes.count > Self.exactMax { spread() }
            return
        }
        let index = Int(hash >> (64 - Self.bits))
        let rank = UInt8(min(hash << Self.bits | 1 << (Self.bits - 1), .max).leadingZeroBitCount + 1)
        if rank > registers[index] { registers[index] = rank }
    }

    private mutating func spread() {
        guard isExact else { return }
        registers = Array(repeating: 0, count: 1 << Self.bits)
        let known = hashes
        hashes = []
        for hash in known { add(hash: hash) }
    }

    /// FNV-1a, mixed so that all bits depend on all. Source of the mixing: Austin Appleby, MurmurHash3, `fmix64`.
    private static func hash(_ value: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in value { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash >> 33
    }
}
