#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Counts of values by their size, of which any percentile can be read, at most 1 % off.
///
/// Bucket `i` has what is above `γ^(i-1)` and at most `γ^i`, with `γ = (1 + α) / (1 - α)`; negative values are counted
/// by their size in buckets of their own. Two of them are one by adding the counts. Source: Masson, Rim and Lee,
/// "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", PVLDB 12 (2019).
package struct LogQuantiles: Hashable, Sendable {
    /// The greatest relative error (α) of a value that is read back.
    package static let relativeErrorMax = 0.01
    /// Sizes below it count as zero.
    static let smallest = 1e-12
    /// The most buckets of a sign. From 1e-12 to 1e28 there are fewer; beyond, the smallest are put together.
    private static let bucketsMax = 4608
    private static let gamma = (1 + relativeErrorMax) / (1 - relativeErrorMax)
    static let logGamma = log(gamma)

    package private(set) var count = 0
    private var zeros = 0
    private var positive: [Int32: Int] = [:]
    private var negative: [Int32: Int] = [:]
    private var least = Double.infinity
    private var greatest = -Double.infinity

    package init() {}

    /// Counts that another has made of the same buckets.
    /// - Parameters:
    ///   - zeros: values whose size is below `smallest`.
    ///   - positive: by bucket, as are the negative ones, of the values' size.
    init(
        count: Int, zeros: Int, positive: [Int32: Int], negative: [Int32: Int], least: Double, greatest: Double
    ) {
        self.count = count
        self.zeros = zeros
        self.positive = positive
        self.negative = negative
        if count > 0 { (self.least, self.greatest) = (least, greatest) }
    }

    /// - Parameter value: neither infinite nor NaN.
    package mutating func add(_ value: Double) {
        count += 1
        least = min(least, value)
        greatest = max(greatest, value)
        if abs(value) < Self.smallest {
            zeros += 1
        } else if value > 0 {
            Self.add(1, Self.bucket(value), to: &positive)
        } else {
            Self.add(1, Self.bucket(-value), to: &negative)
        }
    }

    package mutating func merge(_ other: LogQuantiles) {
        count += other.count
        zeros += other.zeros
        least = min(least, other.least)
        greatest = max(greatest, other.greatest)
        for (bucket, times) in other.positive { Self.add(times, bucket, to: &positive) }
        for (bucket, times) in other.negative { Self.add(times, bucket, to: &negative) }
    }

    /// The value of which a part of all values are no greater: that of rank `⌈part × count⌉`. Nil if there are none.
    package func value(at part: Double) -> Double? {
        guard count > 0 else { return nil }
        var rank = max(1, Int((part * Double(count)).rounded(.up)))
        if rank >= count { return greatest }
        if rank == 1 { return least }
        for (bucket, times) in negative.sorted(by: { $0.key > $1.key }) {
            rank -= times
            if rank <= 0 { return clamped(-Self.value(bucket)) }
        }
        rank -= zeros
        if rank <= 0 { return clamped(0) }
        for (bucket, times) in positive.sorted(by: { $0.key < $1.key }) {
            rank -= times
            if rank <= 0 { return clamped(Self.value(bucket)) }
        }
        return greatest
    }

    private func clamped(_ value: Double) -> Double { min(max(value, least), greatest) }

    private static func bucket(_ size: Double) -> Int32 { Int32((log(size) / logGamma).rounded(.up)) }

    /// The value that is at most α off from all of its bucket.
    private static func value(_ bucket: Int32) -> Double { 2 * exp(Double(bucket) * logGamma) / (gamma + 1) }

    private static func add(_ times: Int, _ bucket: Int32, to buckets: inout [Int32: Int]) {
        buckets[bucket, default: 0] += times
        guard buckets.count > bucketsMax else { return }
        let lowest = buckets.keys.sorted().prefix(2)
        if let first = lowest.first, let second = lowest.last {
            buckets[second, default: 0] += buckets.removeValue(forKey: first) ?? 0
        }
    }
}
