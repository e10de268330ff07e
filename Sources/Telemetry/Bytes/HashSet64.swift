/// A set of 64-bit hashes in an arena's memory, open addressing: capacity, count, then the slots. Zero marks
/// an empty slot, so the hash 0 is kept as 1.
struct HashSet64 {
    static let capacityMin = 8

    private(set) var start: UnsafeMutablePointer<UInt64>

    var capacity: Int { Int(start[0]) }
    var count: Int { Int(start[1]) }
    var slots: UnsafeMutablePointer<UInt64> { start + 2 }

    /// What was made before.
    init(_ start: UnsafeMutableRawPointer) { self.start = start.assumingMemoryBound(to: UInt64.self) }

    /// An empty one; nil if the arena is exhausted.
    init?(capacity: Int, in arena: inout Arena) {
        guard let memory = arena.allocate(byteCount: (capacity + 2) * 8) else { return nil }
        start = memory.bindMemory(to: UInt64.self, capacity: capacity + 2)
        start.initialize(repeating: 0, count: capacity + 2)
        start[0] = UInt64(capacity)
    }

    /// Adds a hash. False if the arena is exhausted.
    mutating func insert(_ hash: UInt64, in arena: inout Arena) -> Bool {
        let hash = max(hash, 1)
        var slot = Int(truncatingIfNeeded: hash) & (capacity - 1)
        while slots[slot] != 0 {
            if slots[slot] == hash { return true }
            slot = (slot + 1) & (capacity - 1)
        }
        if count * 4 >= capacity * 3 {
            guard grow(in: &arena) else { return false }
            return insert(hash, in: &arena)
        }
        slots[slot] = hash
        start[1] += 1
        return true
    }

    private mutating func grow(in arena: inout Arena) -> Bool {
        guard var larger = HashSet64(capacity: capacity * 2, in: &arena) else { return false }
        forEach { _ = larger.insert($0, in: &arena) }
        self = larger
        return true
    }

    func forEach(_ body: (UInt64) -> Void) {
        for slot in 0..<capacity where slots[slot] != 0 { body(slots[slot]) }
    }
}
