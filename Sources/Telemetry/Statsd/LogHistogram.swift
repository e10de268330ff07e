/// Counts of values by their size, for timers with more values than are kept one by one.
///
/// A bucket is what values have in common that are equal in sign, exponent and the first seven bits of the
/// mantissa: 128 buckets between a power of two and the next, as an HdrHistogram with a little over two
/// significant digits. A value that is read back is the middle of its bucket, at most 1/256 (0.4 %) off.
/// Buckets merge by adding their counts, whatever the order.
struct LogHistogram {
    /// The greatest relative error of a value that is read back.
    static let relativeErrorMax = 1.0 / 256

    private static let shift: UInt64 = 45
    static let capacityMin = 64

    /// Slots of bucket + 1 (0: empty) and count; the first holds capacity and number of buckets.
    private(set) var start: UnsafeMutablePointer<UInt64>

    var capacity: Int { Int(start[0]) }
    var count: Int { Int(start[1]) }

    init(_ start: UnsafeMutableRawPointer) { self.start = start.assumingMemoryBound(to: UInt64.self) }

    init?(capacity: Int, in arena: inout Arena) {
        guard let memory = arena.allocate(byteCount: (capacity + 1) * 16) else { return nil }
        start = memory.bindMemory(to: UInt64.self, capacity: (capacity + 1) * 2)
        start.initialize(repeating: 0, count: (capacity + 1) * 2)
        start[0] = UInt64(capacity)
    }

    /// The bucket of a value that is not negative.
    @inline(__always)
    static func bucket(_ value: Double) -> UInt32 {
        UInt32(truncatingIfNeeded: (value + 0).bitPattern &>> shift)
    }

    /// The middle of a bucket.
    static func value(_ bucket: UInt32) -> Double {
        if bucket == 0 { return 0 }
        return Double(bitPattern: UInt64(bucket) &<< shift | 1 &<< (shift - 1))
    }

    /// Whether a number can be a bucket of a finite value that is not negative.
    static func isBucket(_ bucket: UInt64) -> Bool { bucket < 0x7FF &<< 7 }

    /// Counts. False if the arena is exhausted.
    mutating func add(_ bucket: UInt32, _ times: UInt64, in arena: inout Arena) -> Bool {
        let wanted = UInt64(bucket) + 1
        var slot = Int(truncatingIfNeeded: wanted &* 0x9E37_79B9_7F4A_7C15 &>> 40) & (capacity - 1)
        while start[slot * 2 + 2] != wanted {
            if start[slot * 2 + 2] == 0 {
                if count * 4 >= capacity * 3 {
                    guard grow(in: &arena) else { return false }
                    return add(bucket, times, in: &arena)
                }
                start[slot * 2 + 2] = wanted
                start[1] += 1
                break
            }
            slot = (slot + 1) & (capacity - 1)
        }
        start[slot * 2 + 3] &+= times
        return true
    }

    private mutating func grow(in arena: inout Arena) -> Bool {
        guard var larger = LogHistogram(capacity: capacity * 2, in: &arena) else { return false }
        for (bucket, times) in unordered { _ = larger.add(bucket, times, in: &arena) }
        self = larger
        return true
    }

    private var unordered: [(bucket: UInt32, times: UInt64)] {
        var found: [(bucket: UInt32, times: UInt64)] = []
        found.reserveCapacity(count)
        for slot in 1...capacity where start[slot * 2] != 0 {
            found.append((UInt32(start[slot * 2] - 1), start[slot * 2 + 1]))
        }
        return found
    }

    /// The buckets that have values, in order.
    var buckets: [(bucket: UInt32, times: UInt64)] { unordered.sorted { $0.bucket < $1.bucket } }
}
