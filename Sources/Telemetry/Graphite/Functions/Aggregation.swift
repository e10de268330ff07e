import Glibc

/// How several values become one, by Graphite's names. What is missing (NaN) takes no part, except where said.
/// Source: graphite-web 1.1.10, functions/aggfuncs.py.
enum Aggregation: String, CaseIterable, Sendable {
    case average
    /// What is missing counts as zero.
    case averageZero = "avg_zero"
    case median, sum, min, max
    /// The first less all others.
    case diff
    case standardDeviation = "stddev"
    case count, range
    /// Nothing if anything is missing.
    case multiply
    case last

    /// Graphite's other names.
    static let aliases: [(name: String, aggregation: Aggregation)] = [
        ("rangeOf", .range), ("avg", .average), ("total", .sum), ("current", .last),
    ]

    static var names: [String] { allCases.map(\.rawValue) + aliases.map(\.name) }

    /// `sum`, `total` or, as it was once written, `sumSeries`.
    static func named(_ name: String) -> Aggregation? {
        let name = name.hasSuffix("Series") ? String(name.dropLast(6)) : name
        return Aggregation(rawValue: name) ?? aliases.first { $0.name == name }?.aggregation
    }

    /// One value of several, NaN if there is none.
    func one(of values: some Collection<Double>) -> Double {
        switch self {
        case .multiply: return values.isEmpty ? .nan : values.reduce(1, *)
        case .last: return values.reversed().first { !$0.isNaN } ?? .nan
        case .averageZero:
            return values.isEmpty ? .nan : values.reduce(0) { $1.isNaN ? $0 : $0 + $1 } / Double(values.count)
        case .median: return Self.median(values.filter { !$0.isNaN })
        case .count: return Double(values.reduce(0) { $1.isNaN ? $0 : $0 + 1 })
        default: break
        }
        var present = 0
        var sum = 0.0
        var least = Double.infinity
        var greatest = -Double.infinity
        var difference = 0.0
        for value in values where !value.isNaN {
            difference = present == 0 ? value : difference - value
            present += 1
            sum += value
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
        }
        guard present > 0 else { return .nan }
        return switch self {
        case .sum: sum
        case .min: least
        case .max: greatest
        case .diff: difference
        case .range: greatest - least
        case .standardDeviation: Self.deviation(values, average: sum / Double(present), count: present)
        default: sum / Double(present)
        }
    }

    private static func deviation(_ values: some Collection<Double>, average: Double, count: Int) -> Double {
        var sum = 0.0
        for value in values where !value.isNaN { sum += (value - average) * (value - average) }
        return (sum / Double(count)).squareRoot()
    }

    private static func median(_ values: [Double]) -> Double {
        guard !values.isEmpty else { return .nan }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }
}
