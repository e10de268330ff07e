/// Points of one series at one resolution, in order of time. A slot is a time divided by the step.
struct Points: Equatable {
    private(set) var slots: [Int] = []
    private(set) var values: [Double] = []

    var count: Int { slots.count }
    var isEmpty: Bool { slots.isEmpty }
    var first: Int? { slots.first }
    var last: Int? { slots.last }

    mutating func removeAll() {
        slots.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
    }

    mutating func reserve(_ count: Int) {
        slots.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// Adds a point behind all others.
    @inline(__always) mutating func append(_ slot: Int, _ value: Double) {
        slots.append(slot)
        values.append(value)
    }

    /// Adds points without gaps behind all others.
    mutating func append(from slot: Int, _ run: UnsafeBufferPointer<Double>) {
        slots.append(contentsOf: slot..<slot + run.count)
        values.append(contentsOf: run)
    }

    /// Puts newer points over these: where both have one, the newer stands.
    mutating func overlay(_ newer: borrowing Points) {
        guard let start = newer.first else { return }
        guard let end = last, end >= start else {
            slots.append(contentsOf: newer.slots)
            values.append(contentsOf: newer.values)
            return
        }
        let keep = index(of: start)
        var merged = Points()
        merged.reserve(count - keep + newer.count)
        var (mine, other) = (keep, 0)
        while mine < count || other < newer.count {
            if other == newer.count || (mine < count && slots[mine] < newer.slots[other]) {
                merged.append(slots[mine], values[mine])
                mine += 1
            } else {
                if mine < count, slots[mine] == newer.slots[other] { mine += 1 }
                merged.append(newer.slots[other], newer.values[other])
                other += 1
            }
        }
        slots.replaceSubrange(keep..., with: merged.slots)
        values.replaceSubrange(keep..., with: merged.values)
    }

    /// The place of the first point at or behind a slot.
    func index(of slot: Int) -> Int {
        var (low, high) = (0, slots.count)
        while low < high {
            let middle = (low + high) / 2
            if slots[middle] < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The places of the points in a range of slots.
    func places(in range: ClosedRange<Int>) -> Range<Int> {
        let low = index(of: range.lowerBound)
        return low..<max(low, range.upperBound == .max ? count : index(of: range.upperBound + 1))
    }
}
