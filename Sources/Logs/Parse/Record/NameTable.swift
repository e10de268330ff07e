import Glibc

/// Numbers of names: the same name always has the same number.
struct NameTable: ~Copyable {
    /// Longer names are cut off there.
    static let nameBytesMax = 256

    private struct Entry {
        var hash: UInt64
        var start: UnsafeRawPointer
        var count: Int
    }

    private(set) var names: [String] = []
    private var entries: [Entry] = []
    private var bytes = ByteArena()
    /// Numbers and one; 0 is free. As many as a power of two, at most half of them used.
    private var slots: UnsafeMutablePointer<UInt32>
    private var slotCount = 256
    private let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
    }

    deinit { slots.deallocate() }

    var count: Int { entries.count }

    /// The number of a name, which is new if it was not there.
    @inline(__always)
    mutating func number(of name: ByteView) -> UInt32 {
        let hash = ByteHash.hash(name, seed: seed)
        var slot = Int(truncatingIfNeeded: hash) & (slotCount &- 1)
        while true {
            let number = slots[slot]
            if number == 0 { return add(name, hash) }
            let isFound = entries.withUnsafeBufferPointer { entries in
                let entry = entries[Int(number &- 1)]
                return entry.hash == hash && entry.count == name.count
                    && memcmp(entry.start, name.start, name.count) == 0
            }
            if isFound { return number &- 1 }
            slot = (slot &+ 1) & (slotCount &- 1)
        }
    }

    mutating func number(of name: String) -> UInt32 {
        var name = name
        return name.withUTF8 { number(of: ByteView(UnsafeRawBufferPointer($0))) }
    }

    @inline(never)
    private mutating func add(_ name: ByteView, _ hash: UInt64) -> UInt32 {
        // What is too long or no UTF-8 shares the number of what it becomes.
        if name.count > Self.nameBytesMax || String(validating: name.buffer, as: UTF8.self) == nil {
            var fit = name.slice(0, min(name.count, Self.nameBytesMax)).text
            while fit.utf8.count > Self.nameBytesMax { fit.unicodeScalars.removeLast() }
            return number(of: fit)
        }
        if (entries.count + 1) * 2 > slotCount { grow() }
        let kept = bytes.copy(name)
        entries.append(Entry(hash: hash, start: kept.start, count: kept.count))
        names.append(name.text)
        put(hash, UInt32(entries.count))
        return UInt32(entries.count - 1)
    }

    private func put(_ hash: UInt64, _ value: UInt32) {
        var slot = Int(truncatingIfNeeded: hash) & (slotCount - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slotCount - 1) }
        slots[slot] = value
    }

    private mutating func grow() {
        slots.deallocate()
        slotCount *= 2
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        for index in entries.indices { put(entries[index].hash, UInt32(index + 1)) }
    }
}
