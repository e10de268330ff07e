/// The buckets of an exponential histogram, whose bounds depend on a scale that changes from point to point, made
/// into ones that stay: bounds at powers of two. Every scale's buckets fit into these without a rest. Source:
/// OpenTelemetry, "Metrics Data Model", Exponential Histogram.
struct ExponentialBuckets: Hashable {
    /// What a bound may be, as a power of two: 2^-30 is a nanosecond in seconds, 2^60 an exabyte.
    private static let exponents: ClosedRange<Int64> = -30...60

    /// How many fell in each, by the upper bound.
    private(set) var counts: [Double: Double] = [:]

    init() {}

    init(_ point: JSONValue) {
        let scale = point["scale"]?.integer ?? 0
        guard (-11...20).contains(scale) else { return }
        for (key, isPositive) in [("positive", true), ("negative", false)] {
            let offset = point[key]?["offset"]?.integer ?? 0
            guard offset.magnitude < 1 << 32 else { continue }
            for (position, count) in (point[key]?["bucketCounts"]?.elements ?? []).enumerated() {
                guard let count = count.double, count > 0, count.isFinite else { continue }
                counts[Self.bound(offset + Int64(position), scale, isPositive: isPositive), default: 0] += count
            }
        }
        counts[0, default: 0] += max(0, point["zeroCount"]?.double ?? 0)
        let known = counts.values.reduce(0, +)
        counts[.infinity, default: 0] += max(0, (point["count"]?.double ?? known) - known)
    }

    /// The upper bound of a bucket at scale 0: above zero what is farther from zero, below it what is nearer.
    private static func bound(_ index: Int64, _ scale: Int64, isPositive: Bool) -> Double {
        let edge = isPositive ? index + 1 : index
        let exponent = scale < 0 ? edge << -scale : isPositive ? -((-edge) >> scale) : edge >> scale
        if exponent > exponents.upperBound, isPositive { return .infinity }
        if exponent < exponents.lowerBound, !isPositive { return 0 }
        let kept = Int(max(exponents.lowerBound, min(exponents.upperBound, exponent)))
        return Double(sign: isPositive ? .plus : .minus, exponent: kept, significand: 1)
    }

    mutating func add(_ other: ExponentialBuckets) {
        for (bound, count) in other.counts { counts[bound, default: 0] += count }
    }

    /// In order of their bounds.
    var ordered: [(bound: Double, count: Double)] { counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
}
