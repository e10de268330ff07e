import Glibc

/// Arithmetic where Python's differs: what it refuses gives nothing (NaN) here.
enum PythonMath {
    /// Nothing for what is no real number or too large for one.
    static func power(_ base: Double, _ exponent: Double) -> Double {
        if base.isNaN || exponent.isNaN { return .nan }
        let result = pow(base, exponent)
        return base.isFinite && exponent.isFinite && !result.isFinite ? .nan : result
    }

    /// Nothing for a division by zero or by nothing.
    static func quotient(_ dividend: Double, _ divisor: Double) -> Double {
        divisor == 0 ? .nan : dividend / divisor
    }

    /// Rounded towards minus infinity.
    static func floorQuotient(_ dividend: Int64, _ divisor: Int64) -> Int64 {
        let quotient = dividend / divisor
        return dividend % divisor != 0 && (dividend < 0) != (divisor < 0) ? quotient - 1 : quotient
    }
}

/// Percentiles by rank. Source: graphite-web 1.1.10, render/functions.py.
enum Percentile {
    static func of(_ values: some Sequence<Double>, _ percent: Double, interpolates: Bool = false) -> Double {
        let sorted = values.filter { !$0.isNaN }.sorted()
        guard !sorted.isEmpty else { return .nan }
        let exact = percent / 100 * Double(sorted.count + 1)
        guard exact.magnitude < 1e15 else { return sorted[sorted.count - 1] }
        var rank = Int(exact)
        let fraction = exact - Double(rank)
        if !interpolates { rank += Int(fraction.rounded(.up)) }
        let place = min(max(rank - 1, 0), sorted.count - 1)
        let value = sorted[place]
        guard interpolates, rank < sorted.count, rank >= 0 else { return value }
        return value + fraction * (sorted[rank] - value)
    }
}
