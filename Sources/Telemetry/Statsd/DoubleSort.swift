/// Sorts doubles that are finite and not negative.
///
/// Their bits, as whole numbers, are in the same order. So they are sorted by digits of eleven bits, least
/// first, leaving out digits that all have in common: times are often whole milliseconds, whose lower bits
/// are all zero, and take two rounds instead of six.
struct DoubleSort: ~Copyable {
    private static let bits: UInt64 = 11
    private static let digits = 6
    private static let buckets = 1 << 11
    /// Fewer are sorted by comparing.
    private static let digitsPayFrom = 256

    private let counts: UnsafeMutablePointer<UInt32>
    private var capacity = 0
    private var first: UnsafeMutablePointer<UInt64>
    private var second: UnsafeMutablePointer<UInt64>

    init() {
        counts = .allocate(capacity: Self.buckets * Self.digits)
        first = .allocate(capacity: 0)
        second = .allocate(capacity: 0)
    }

    deinit {
        counts.deallocate()
        first.deallocate()
        second.deallocate()
    }

    /// Room for `count` values to be written before `sorted`. What was there is gone.
    mutating func room(for count: Int) -> UnsafeMutablePointer<Double> {
        if count > capacity {
            first.deallocate()
            second.deallocate()
            capacity = max(count, capacity * 2)
            first = .allocate(capacity: capacity)
            second = .allocate(capacity: capacity)
        }
        return UnsafeMutableRawPointer(first).assumingMemoryBound(to: Double.self)
    }

    /// Sorts the first `count` values in the room. The result is valid until the next call.
    mutating func sorted(_ count: Int) -> UnsafeBufferPointer<Double> {
        var from = first
        if count < Self.digitsPayFrom {
            var few = UnsafeMutableBufferPointer(start: from, count: count)
            few.sort()
        } else {
            from = sortByDigits(count)
        }
        let values = UnsafeRawPointer(from).assumingMemoryBound(to: Double.self)
        return UnsafeBufferPointer(start: values, count: count)
    }

    private func sortByDigits(_ count: Int) -> UnsafeMutablePointer<UInt64> {
        counts.initialize(repeating: 0, count: Self.buckets * Self.digits)
        let mask = UInt64(Self.buckets - 1)
        for index in 0..<count {
            var word = first[index]
            for digit in 0..<Self.digits {
                counts[digit &* Self.buckets &+ Int(word & mask)] &+= 1
                word &>>= Self.bits
            }
        }
        var from = first
        var to = second
        for digit in 0..<Self.digits {
            let places = counts + digit * Self.buckets
            let shift = UInt64(digit) * Self.bits
            if places[Int(from[0] &>> shift & mask)] == UInt32(count) { continue }
            var place: UInt32 = 0
            for bucket in 0..<Self.buckets {
                let size = places[bucket]
                places[bucket] = place
                place &+= size
            }
            for index in 0..<count {
                let word = from[index]
                let bucket = Int(word &>> shift & mask)
                to[Int(places[bucket])] = word
                places[bucket] &+= 1
            }
            swap(&from, &to)
        }
        return from
    }
}
