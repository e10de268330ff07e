internal import CTelemetry

/// A hash table of byte strings with open addressing, entries side by side in one array.
///
/// An entry is known by a key, tags and a kind, as a statsd line has them. Slots hold 32 bits of the hash and
/// the number of the entry, so that a look-up touches a slot, an entry and the bytes of its key, and compares
/// the bytes, so that no two names are ever taken for one. Hashes are seeded: who sends names cannot make
/// them collide.
///
/// A table is a handle of memory that its one owner frees: a class's stored struct would be checked for
/// exclusive access at every line. Numbers of entries stay as they are until `removeAll`; pointers to entries
/// until the next insertion.
struct FlatTable<State: BitwiseCopyable> {
    struct Entry {
        /// The key's bytes, then the tags', each filled up with zeros to whole words.
        var key: UnsafeRawPointer
        /// See `identity(keyBytes:tagBytes:kind:)`.
        var identity: UInt64
        /// The entry that counts for this one: itself, or the one with the canonical name.
        var canonical: UInt32
        var state: State
    }

    private(set) var entries: UnsafeMutablePointer<Entry>
    private(set) var count = 0
    /// Bytes of keys that are kept.
    private(set) var keyBytes = 0

    let seed: UInt64
    private var capacity: Int
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private var keyBlocks: [UnsafeMutableRawPointer] = []
    private var keyAt: UnsafeMutableRawPointer?
    private var keyLeft = 0

    private static var keyBlockBytes: Int { 1 << 16 }
    private static var capacityMin: Int { 64 }

    init(seed: UInt64) {
        self.seed = seed
        capacity = Self.capacityMin
        entries = Self.makeEntries(capacity)
        mask = capacity * 2 - 1
        slots = Self.makeSlots(mask + 1)
    }

    /// Gives all memory back. The table must not be used any more.
    mutating func free() {
        UnsafeMutableRawPointer(entries).deallocate()
        slots.deallocate()
        for block in keyBlocks { block.deallocate() }
        keyBlocks = []
    }

    /// Forgets every entry.
    mutating func removeAll() {
        free()
        self = FlatTable(seed: seed)
    }

    @inline(__always)
    static func identity(keyBytes: Int, tagBytes: Int, kind: StatsdKind) -> UInt64 {
        UInt64(truncatingIfNeeded: keyBytes) | UInt64(truncatingIfNeeded: tagBytes) &<< 16
            | UInt64(kind.rawValue) &<< 32
    }

    /// The hash of an entry, from that of its key.
    @inline(__always)
    static func finish(keyHash: UInt64, tags: UnsafeRawPointer, tagBytes: Int, identity: UInt64)
        -> UInt64
    {
        let hash = tagBytes == 0 ? keyHash : Word.hash(tags, count: tagBytes, from: keyHash)
        return Word.mix(hash ^ identity, 0xE703_7ED1_A0B4_28DB)
    }

    /// The number of an entry, or -1. May read seven bytes beyond `key` and `tags`.
    @inline(__always)
    func find(hash: UInt64, identity: UInt64, key: UnsafeRawPointer, tags: UnsafeRawPointer) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & mask
        let wanted = hash &>> 32
        while true {
            let found = slots[slot]
            if found == 0 { return -1 }
            if found &>> 32 == wanted {
                let number = Int(truncatingIfNeeded: found & 0xFFFF_FFFF) &- 1
                if isEntry(number, identity: identity, key: key, tags: tags) { return number }
            }
            slot = (slot &+ 1) & mask
        }
    }

    /// Asks for the slot of a hash, for `candidate`.
    @inline(__always)
    func prefetchSlot(_ hash: UInt64) { ctelemetry_prefetch(slots + (Int(truncatingIfNeeded: hash) & mask)) }

    /// The first entry that may have a hash, or -1. Asks for the entry, for `prefetchKey`.
    @inline(__always)
    func candidate(_ hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash) & mask
        let wanted = hash &>> 32
        while true {
            let found = slots[slot]
            if found == 0 { return -1 }
            if found &>> 32 == wanted {
                let number = Int(truncatingIfNeeded: found & 0xFFFF_FFFF) &- 1
                ctelemetry_prefetch(entries + number)
                return number
            }
            slot = (slot &+ 1) & mask
        }
    }

    /// Asks for an entry's key, for `isEntry`.
    @inline(__always)
    func prefetchKey(_ number: Int) { ctelemetry_prefetch(entries[number].key) }

    /// Whether an entry is the one that is looked for. May read seven bytes beyond `key` and `tags`.
    @inline(__always)
    func isEntry(_ number: Int, identity: UInt64, key: UnsafeRawPointer, tags: UnsafeRawPointer) -> Bool {
        entries[number].identity == identity && holds(entries[number].key, identity, key, tags)
    }

    @inline(__always)
    private func holds(
        _ kept: UnsafeRawPointer, _ identity: UInt64, _ key: UnsafeRawPointer, _ tags: UnsafeRawPointer
    ) -> Bool {
        let keyBytes = Int(identity & 0xFFFF)
        let tagBytes = Int(identity &>> 16 & 0xFFFF)
        guard Self.equal(kept, key, keyBytes) else { return false }
        return tagBytes == 0 || Self.equal(kept + ((keyBytes + 8) & ~7), tags, tagBytes)
    }

    @inline(__always)
    private static func equal(_ kept: UnsafeRawPointer, _ bytes: UnsafeRawPointer, _ count: Int)
        -> Bool
    {
        var offset = 0
        while offset &+ 8 <= count {
            guard Word.load(kept + offset) == Word.load(bytes + offset) else { return false }
            offset &+= 8
        }
        return Word.load(kept + offset) == Word.prefix(Word.load(bytes + offset), count &- offset)
    }

    /// Adds an entry that is not there. Returns its number.
    mutating func insert(
        hash: UInt64, identity: UInt64, key: UnsafeRawPointer, tags: UnsafeRawPointer, state: State
    ) -> Int {
        if count == capacity { grow() }
        let number = count
        entries[number] = Entry(
            key: keep(key, tags, identity), identity: identity, canonical: UInt32(number), state: state)
        place(number, hash)
        count += 1
        return number
    }

    /// The bytes of an entry's key.
    func key(_ number: Int) -> UnsafeRawBufferPointer {
        let entry = entries[number]
        return UnsafeRawBufferPointer(start: entry.key, count: Int(entry.identity & 0xFFFF))
    }

    func kind(_ number: Int) -> StatsdKind {
        StatsdKind(rawValue: UInt8(truncatingIfNeeded: entries[number].identity &>> 32)) ?? .counter
    }

    private func place(_ number: Int, _ hash: UInt64) {
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot &+ 1) & mask }
        slots[slot] = (hash &>> 32) &<< 32 | UInt64(number + 1)
    }

    private mutating func keep(
        _ key: UnsafeRawPointer, _ tags: UnsafeRawPointer, _ identity: UInt64
    ) -> UnsafeRawPointer {
        let keyCount = Int(identity & 0xFFFF)
        let tagCount = Int(identity &>> 16 & 0xFFFF)
        let keyRoom = (keyCount + 8) & ~7
        let room = keyRoom + (tagCount == 0 ? 0 : (tagCount + 8) & ~7)
        keyBytes += room
        if keyLeft < room {
            let block = UnsafeMutableRawPointer.allocate(
                byteCount: max(Self.keyBlockBytes, room), alignment: 8)
            keyBlocks.append(block)
            keyAt = block
            keyLeft = max(Self.keyBlockBytes, room)
        }
        guard let start = keyAt else { return key }
        start.initializeMemory(as: UInt8.self, repeating: 0, count: room)
        start.copyMemory(from: key, byteCount: keyCount)
        (start + keyRoom).copyMemory(from: tags, byteCount: tagCount)
        keyAt = start + room
        keyLeft -= room
        return UnsafeRawPointer(start)
    }

    private mutating func grow() {
        let larger = Self.makeEntries(capacity * 2)
        larger.update(from: entries, count: count)
        UnsafeMutableRawPointer(entries).deallocate()
        entries = larger
        capacity *= 2
        slots.deallocate()
        mask = capacity * 2 - 1
        slots = Self.makeSlots(mask + 1)
        for number in 0..<count { place(number, hash(number)) }
    }

    private func hash(_ number: Int) -> UInt64 {
        let entry = entries[number]
        let keyCount = Int(entry.identity & 0xFFFF)
        return Self.finish(
            keyHash: Word.hash(entry.key, count: keyCount, from: seed),
            tags: entry.key + ((keyCount + 8) & ~7),
            tagBytes: Int(entry.identity &>> 16 & 0xFFFF), identity: entry.identity)
    }

    private static func makeEntries(_ count: Int) -> UnsafeMutablePointer<Entry> {
        UnsafeMutableRawPointer.allocate(byteCount: count * MemoryLayout<Entry>.stride, alignment: 64)
            .bindMemory(to: Entry.self, capacity: count)
    }

    private static func makeSlots(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        let slots = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        slots.initialize(repeating: 0, count: count)
        return slots
    }
}
