extension GraphSeries {
    /// The values made fewer: each `count` become one. What is left over at the end becomes one too, and is
    /// measured against the factor as if it were whole. Source: graphite-web 1.1.10, render/datalib.py.
    package func consolidated(by count: Int) -> [Double] {
        guard count > 1 else { return values }
        var result: [Double] = []
        result.reserveCapacity(values.count / count + 1)
        values.withUnsafeBufferPointer { values in
            var index = 0
            while index < values.count {
                let next = min(index + count, values.count)
                result.append(one(of: values[index..<next], outOf: count))
                index = next
            }
        }
        return result
    }

    private func one(of bucket: Slice<UnsafeBufferPointer<Double>>, outOf count: Int) -> Double {
        var present = 0
        var sum = 0.0
        var least = Double.infinity
        var greatest = -Double.infinity
        var first = Double.nan
        var last = Double.nan
        for value in bucket where !value.isNaN {
            if present == 0 { first = value }
            present += 1
            sum += value
            least = value < least ? value : least
            greatest = value > greatest ? value : greatest
            last = value
        }
        guard present > 0, Double(present) / Double(count) >= xFilesFactor else { return .nan }
        return switch consolidation {
        case .average: sum / Double(present)
        case .averageZero: sum / Double(bucket.count)
        case .sum: sum
        case .min: least
        case .max: greatest
        case .first: first
        case .last: last
        }
    }
}
