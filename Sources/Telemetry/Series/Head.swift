/// The points that are in the log and not yet in blocks: of each series an open window of 64 slots as plain
/// numbers, the full windows before it as chunks, and what came late.
///
/// Owned by the store's lock until it is frozen, and never changed after that, so whoever holds a frozen
/// one reads it without a lock.
final class Head: @unchecked Sendable {
    static let windowSlots = 64

    private struct Entry {
        /// The slot at which the window begins.
        var start = 0
        /// Which slots of the window have a point.
        var mask: UInt64 = 0
        var window: HeadArena.Handle = 0
        /// The newest chunk; each leads to the one before it.
        var chunk: HeadArena.Handle = 0
        /// The newest late point; each leads to the one before it.
        var late: HeadArena.Handle = 0
    }

    private struct ChunkHead {
        var before: HeadArena.Handle
        var length: UInt32
        var first: Int
        var last: Int
    }

    private struct LatePoint {
        var before: HeadArena.Handle
        var level: UInt32
        var slot: Int
        var value: Double
    }

    /// Heads are numbered in order of time, and so are the blocks that they become.
    let generation: UInt64
    /// When its first point came, in seconds since 1970.
    private(set) var since: Int64?
    private var entries: [Entry]
    private var arena = HeadArena()
    private let encoder = ChunkEncoder()
    private var chunk: [UInt8] = []

    init(generation: UInt64, seriesCount: Int) {
        self.generation = generation
        entries = Array(repeating: Entry(), count: seriesCount)
    }

    var seriesCount: Int { entries.count }
    var footprint: Int { arena.footprint + entries.capacity * MemoryLayout<Entry>.stride }

    /// Makes room for one more series.
    func addSeries() { entries.append(Entry()) }

    /// Forgets the points of a series.
    func clear(_ series: UInt32) { entries[Int(series)] = Entry() }

    func hasPoints(_ series: Int) -> Bool {
        series < entries.count && (entries[series].window != 0 || entries[series].late != 0)
    }

    /// Takes a point of the finest archive in.
    @inline(__always) func put(_ series: UInt32, slot: Int, _ value: Double, now: Int64) {
        let entry = entries[Int(series)]
        let offset = slot &- entry.start
        if entry.window != 0, offset >= 0, offset < Self.windowSlots {
            entries[Int(series)].mask |= 1 << UInt64(offset)
            arena[entry.window].storeBytes(of: value, toByteOffset: offset * 8, as: Double.self)
        } else {
            putOutside(series, slot, value, now)
        }
    }

    private func putOutside(_ series: UInt32, _ slot: Int, _ value: Double, _ now: Int64) {
        if since == nil { since = now }
        let entry = entries[Int(series)]
        if entry.window == 0 {
            entries[Int(series)].window = arena.allocate(Self.windowSlots * 8)
        } else if slot < entry.start {
            return putLate(series, level: 0, slot: slot, value, now: now)
        } else {
            closeWindow(Int(series))
        }
        entries[Int(series)].start = slot & ~(Self.windowSlots - 1)
        entries[Int(series)].mask = 0
        put(series, slot: slot, value, now: now)
    }

    /// Takes a point in that is behind the window, or that only a coarser archive still reaches.
    func putLate(_ series: UInt32, level: Int, slot: Int, _ value: Double, now: Int64) {
        if since == nil { since = now }
        let handle = arena.allocate(MemoryLayout<LatePoint>.size)
        arena[handle].storeBytes(
            of: LatePoint(before: entries[Int(series)].late, level: UInt32(level), slot: slot, value: value),
            as: LatePoint.self)
        entries[Int(series)].late = handle
    }

    private func closeWindow(_ series: Int) {
        let entry = entries[series]
        withWindow(entry) { slots, values in
            chunk.removeAll(keepingCapacity: true)
            encoder.encode(slots: slots, values: values, isFinal: false, into: &chunk)
            let head = ChunkHead(
                before: entry.chunk, length: UInt32(chunk.count), first: slots[0], last: slots[slots.count - 1])
            let handle = arena.allocate(MemoryLayout<ChunkHead>.stride + chunk.count)
            arena[handle].storeBytes(of: head, as: ChunkHead.self)
            chunk.withUnsafeBytes { raw in
                if let base = raw.baseAddress {
                    (arena[handle] + MemoryLayout<ChunkHead>.stride).copyMemory(from: base, byteCount: raw.count)
                }
            }
            entries[series].chunk = handle
        }
    }

    /// The points of a window, one after another.
    private func withWindow(_ entry: Entry, _ use: (UnsafeBufferPointer<Int>, UnsafeBufferPointer<Double>) -> Void) {
        let window = arena[entry.window]
        withUnsafeTemporaryAllocation(of: Int.self, capacity: Self.windowSlots) { slots in
            withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.windowSlots) { values in
                var (count, mask) = (0, entry.mask)
                while mask != 0 {
                    let offset = mask.trailingZeroBitCount
                    mask &= mask - 1
                    slots.initializeElement(at: count, to: entry.start + offset)
                    values.initializeElement(at: count, to: window.load(fromByteOffset: offset * 8, as: Double.self))
                    count += 1
                }
                use(UnsafeBufferPointer(rebasing: slots[..<count]), UnsafeBufferPointer(rebasing: values[..<count]))
            }
        }
    }

    /// Puts the points of one archive that are in `range` over those given.
    func read(_ series: Int, level: Int, _ range: ClosedRange<Int>, _ decoder: ChunkDecoder, over points: inout Points)
    {
        guard series < entries.count else { return }
        let entry = entries[series]
        if level == 0, entry.window != 0 {
            var chunks: [HeadArena.Handle] = []
            var next = entry.chunk
            while next != 0 {
                let head = arena[next].load(as: ChunkHead.self)
                if head.last < range.lowerBound { break }
                if head.first <= range.upperBound { chunks.append(next) }
                next = head.before
            }
            var mine = Points()
            for handle in chunks.reversed() {
                let head = arena[handle].load(as: ChunkHead.self)
                let bytes = UnsafeRawBufferPointer(
                    start: arena[handle] + MemoryLayout<ChunkHead>.stride, count: Int(head.length))
                let isWhole = decoder.decode(bytes, first: head.first, into: &mine)
                precondition(isWhole, "a chunk in memory is damaged")
            }
            if entry.start <= range.upperBound {
                withWindow(entry) { slots, values in
                    for index in 0..<slots.count { mine.append(slots[index], values[index]) }
                }
            }
            points.overlay(mine)
        }
        readLate(entry.late, level, range, over: &points)
    }

    private func readLate(
        _ newest: HeadArena.Handle, _ level: Int, _ range: ClosedRange<Int>, over points: inout Points
    ) {
        var late: [Int: Double] = [:]
        var next = newest
        while next != 0 {
            let point = arena[next].load(as: LatePoint.self)
            // From the newest to the oldest: the first that is met for a slot stands.
            if point.level == level, range.contains(point.slot), late[point.slot] == nil {
                late[point.slot] = point.value
            }
            next = point.before
        }
        if late.isEmpty { return }
        var sorted = Points()
        for (slot, value) in late.sorted(by: { $0.key < $1.key }) { sorted.append(slot, value) }
        points.overlay(sorted)
    }
}
