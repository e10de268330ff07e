/// Aggregations over the last values, for each place but the first ones.
enum MovingWindow {
    /// The value at place i is of the `count` values up to and including i; the first is that of place
    /// `count`, and what is at place 0 is never used, as with Graphite.
    static func values(
        of values: [Double], _ aggregation: Aggregation, count: Int, xFilesFactor: Double
    ) -> [Double] {
        guard values.count > count, count >= 0 else { return [] }
        var present = values.prefix(count).reduce(0) { $1.isNaN ? $0 : $0 + 1 }
        var result: [Double] = []
        result.reserveCapacity(values.count - count)
        var slide = Slide(values.prefix(count), aggregation)
        for index in count..<values.count {
            if count > 0 {
                if !values[index].isNaN { present += 1 }
                if !values[index - count].isNaN { present -= 1 }
                slide?.move(adding: values[index], dropping: values[index - count])
            }
            guard present > 0, Double(present) / Double(count) >= xFilesFactor else {
                result.append(.nan)
                continue
            }
            result.append(
                slide?.value(present)
                    ?? aggregation.one(of: values[(index - count + 1)...index].lazy.filter { !$0.isNaN }))
        }
        return result
    }

    /// What a long window has, kept up to date instead of counted anew: a sum in twice the precision, so that
    /// taking away what was added leaves nothing behind; or all values in order.
    private struct Slide {
        private enum Kind { case sum, average, median, min, max }
        private static let shortest = 64

        private var kind: Kind
        private var high = 0.0
        private var low = 0.0
        private var sorted: [Double] = []

        init?(_ values: ArraySlice<Double>, _ aggregation: Aggregation) {
            guard values.count >= Self.shortest else { return nil }
            switch aggregation {
            case .sum: kind = .sum
            case .average: kind = .average
            case .median: kind = .median
            case .min: kind = .min
            case .max: kind = .max
            default: return nil
            }
            sorted = kind == .sum || kind == .average ? [] : values.filter { !$0.isNaN }.sorted()
            if kind == .sum || kind == .average { for value in values where !value.isNaN { add(value) } }
        }

        mutating func move(adding new: Double, dropping old: Double) {
            switch kind {
            case .sum, .average:
                if !new.isNaN { add(new) }
                if !old.isNaN { add(-old) }
            case .median, .min, .max:
                if !new.isNaN { sorted.insert(new, at: place(of: new)) }
                if !old.isNaN { sorted.remove(at: place(of: old)) }
            }
        }

        /// Knuth's sum of two, with what it loses.
        private mutating func add(_ value: Double) {
            let sum = high + value
            let part = sum - high
            low += (high - (sum - part)) + (value - part)
            high = sum
        }

        private func place(of value: Double) -> Int {
            var (first, last) = (0, sorted.count)
            while first < last {
                let middle = (first + last) / 2
                if sorted[middle] < value { first = middle + 1 } else { last = middle }
            }
            return first
        }

        /// Nil if an infinite value has spoilt the sum.
        func value(_ present: Int) -> Double? {
            switch kind {
            case .sum: return (high + low).isNaN ? nil : high + low
            case .average: return (high + low).isNaN ? nil : (high + low) / Double(present)
            case .min: return sorted.first
            case .max: return sorted.last
            case .median:
                let middle = sorted.count / 2
                return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
            }
        }
    }
}
