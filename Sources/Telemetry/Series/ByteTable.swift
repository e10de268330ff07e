/// Numbers byte strings in the order in which they come: a flat table with open addressing beside an arena.
/// A look-up touches one slot and the bytes themselves, and makes no object. Nothing is ever taken out.
package struct ByteTable {
    private struct Slot {
        /// Half of the hash; the slots' order follows from it, so growing needs no names.
        var hash: UInt32 = 0
        /// The number plus one; 0 is a free slot.
        var entry: UInt32 = 0
        /// Where the bytes are: the offset above 16 bits of length.
        var place: UInt64 = 0
    }

    package static let lengthMax = Int(UInt16.max)

    private var slots: [Slot] = Array(repeating: Slot(), count: 16)
    private var places: [UInt64] = []
    private var arena: [UInt8] = []
    private let seed: UInt64

    /// - Parameter seed: whoever does not know it cannot make names that meet in one slot.
    package init(seed: UInt64) { self.seed = seed }

    package var count: Int { places.count }

    /// Bytes that the table holds in memory.
    var footprint: Int {
        slots.capacity * MemoryLayout<Slot>.stride + places.capacity * 8 + arena.capacity
    }

    package func bytes<Result>(of number: UInt32, _ use: (UnsafeRawBufferPointer) -> Result) -> Result {
        let place = places[Int(number)]
        return arena.withUnsafeBytes { use(Self.slice($0, place)) }
    }

    func text(of number: UInt32) -> String { bytes(of: number) { String(decoding: $0, as: UTF8.self) } }

    package func number(of name: UnsafeRawBufferPointer) -> UInt32? {
        let hash = hash(name)
        return arena.withUnsafeBytes { find(name, hash, $0).found }
    }

    /// The number of a name, and whether it is new. At most 65,535 bytes.
    package mutating func add(_ name: UnsafeRawBufferPointer) -> (number: UInt32, isNew: Bool) {
        if (places.count + 1) * 8 > slots.count * 7 { grow() }
        let hash = hash(name)
        let (found, free) = arena.withUnsafeBytes { find(name, hash, $0) }
        if let found { return (found, false) }
        precondition(name.count <= Self.lengthMax)
        let place = UInt64(arena.count) << 16 | UInt64(name.count)
        arena.append(contentsOf: name)
        places.append(place)
        slots[free] = Slot(hash: hash, entry: UInt32(places.count), place: place)
        return (UInt32(places.count - 1), true)
    }

    mutating func add(_ name: Substring) -> UInt32 {
        var name = name
        return name.withUTF8 { add(UnsafeRawBufferPointer($0)).number }
    }

    func number(of name: String) -> UInt32? {
        var name = name
        return name.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
    }

    @inline(__always) private static func slice(
        _ arena: UnsafeRawBufferPointer, _ place: UInt64
    ) -> UnsafeRawBufferPointer {
        let start = Int(place >> 16)
        return UnsafeRawBufferPointer(rebasing: arena[start..<start + Int(place & 0xFFFF)])
    }

    @inline(__always) private func find(
        _ name: UnsafeRawBufferPointer, _ hash: UInt32, _ arena: UnsafeRawBufferPointer
    ) -> (found: UInt32?, free: Int) {
        let mask = slots.count - 1
        var at = Int(hash) & mask
        return slots.withUnsafeBufferPointer { slots in
            while slots[at].entry != 0 {
                let slot = slots[at]
                if slot.hash == hash, Int(slot.place & 0xFFFF) == name.count,
                    Self.isEqual(arena.baseAddress.map { $0 + Int(slot.place >> 16) }, name)
                {
                    return (slot.entry - 1, at)
                }
                at = (at + 1) & mask
            }
            return (nil, at)
        }
    }

    @inline(__always) private static func isEqual(_ left: UnsafeRawPointer?, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let left, let base = right.baseAddress else { return right.isEmpty }
        var at = 0
        while at + 8 <= right.count {
            if left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                != base.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            {
                return false
            }
            at += 8
        }
        while at < right.count {
            if left.load(fromByteOffset: at, as: UInt8.self) != base.load(fromByteOffset: at, as: UInt8.self) {
                return false
            }
            at += 1
        }
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        let mask = slots.count - 1
        for slot in old where slot.entry != 0 {
            var at = Int(slot.hash) & mask
            while slots[at].entry != 0 { at = (at + 1) & mask }
            slots[at] = slot
        }
    }

    /// Eight bytes at a time into a 128-bit product whose halves are folded, as wyhash does. The seed goes
    /// into every step.
    @inline(__always) private func hash(_ name: UnsafeRawBufferPointer) -> UInt32 {
        var state = seed ^ UInt64(name.count) &* 0x9E37_79B9_7F4A_7C15
        guard let base = name.baseAddress else { return UInt32(truncatingIfNeeded: state >> 32) }
        var at = 0
        while at + 8 <= name.count {
            state = mix(base.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ state)
            at += 8
        }
        var rest: UInt64 = 0
        while at < name.count {
            rest = rest << 8 | UInt64(base.load(fromByteOffset: at, as: UInt8.self))
            at += 1
        }
        state = mix(mix(rest ^ state) ^ 0xD6E8_FEB8_6659_FD93)
        return UInt32(truncatingIfNeeded: state >> 32)
    }

    @inline(__always) private func mix(_ word: UInt64) -> UInt64 {
        let (high, low) = word.multipliedFullWidth(by: (seed | 1) ^ 0xA076_1D64_78BD_6428)
        return high ^ low ^ seed
    }
}
