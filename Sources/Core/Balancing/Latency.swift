/// How long requests took: counts in buckets whose width grows with the time, so that a quantile
/// is right to 1/16 of itself whatever the range, and histograms of many balancers add up.
///
/// The buckets are those of HdrHistogram with five bits: times below 32 µs are exact, and every
/// doubling above has 16 buckets.
package struct Latency: Codable, Hashable, Sendable {
    private static let exact: Int64 = 32
    private static let perDoubling: Int64 = 16
    /// An hour: what takes longer counts as this long.
    private static let longest: Int64 = 3_600_000_000

    /// Requests by bucket. Empty buckets have no entry.
    package private(set) var buckets: [Int: Int64]

    package init() { buckets = [:] }

    package var count: Int64 { buckets.values.reduce(0) { $0.plus($1) } }

    package mutating func record(microseconds: Int64, times: Int64 = 1) {
        buckets[Self.bucket(of: min(max(0, microseconds), Self.longest)), default: 0] += times
    }

    package mutating func add(_ other: Latency) { buckets.merge(other.buckets) { $0.plus($1) } }

    /// Whether this code can have made it: one that comes from elsewhere may hold anything.
    package var isPlausible: Bool {
        let last = Self.bucket(of: Self.longest)
        return buckets.allSatisfy { (0...last).contains($0.key) && $0.value > 0 }
    }
    /// Adds what another counter of the same buckets has.
    package mutating func add(bucket: Int, times: Int64) {
        guard (0...Self.bucket(of: Self.longest)).contains(bucket), times > 0 else { return }
        buckets[bucket, default: 0] += times
    }

    /// What was recorded since an earlier state of the same histogram.
    package func since(_ earlier: Latency) -> Latency {
        var difference = Latency()
        for (bucket, count) in buckets {
            let more = count - (earlier.buckets[bucket] ?? 0)
            if more > 0 { difference.buckets[bucket] = more }
        }
        return difference
    }

    /// The time within which the share of requests was answered, in microseconds: the upper edge
    /// of the bucket that the nearest rank falls into.
    /// - Returns: nil when nothing was recorded.
    package func quantile(_ share: Double) -> Int64? {
        let total = count
        guard total > 0 else { return nil }
        let rank = max(1, Int64((Double(total) * min(max(share, 0), 1)).rounded(.up)))
        var seen: Int64 = 0
        for (bucket, count) in buckets.sorted(by: { $0.key < $1.key }) {
            seen = seen.plus(count)
            if seen >= rank { return Self.upperEdge(of: bucket) }
        }
        return nil
    }

    /// How many requests were answered within a time, in microseconds: those of all buckets that end by then.
    package func count(within microseconds: Int64) -> Int64 {
        buckets.reduce(0) { Self.upperEdge(of: $1.key) <= microseconds ? $0.plus($1.value) : $0 }
    }

    private static func bucket(of value: Int64) -> Int {
        guard value >= exact else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - 4
        // The top five bits: 16 to 31.
        return Int(exact + Int64(shift - 1) * perDoubling + (value >> Int64(shift)) - perDoubling)
    }

    private static func upperEdge(of bucket: Int) -> Int64 {
        guard bucket >= exact else { return Int64(bucket) }
        let (doubling, place) = (Int64(bucket) - exact).quotientAndRemainder(dividingBy: perDoubling)
        return ((perDoubling + place + 1) << (doubling + 1)) - 1
    }
}
