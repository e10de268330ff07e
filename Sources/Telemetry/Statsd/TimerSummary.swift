/// What statsd says of a timer's values in an interval. Source: statsd, lib/process_metrics.js.
struct TimerSummary: Hashable {
    var sum = 0.0
    var sumOfSquares = 0.0
    var mean = 0.0
    var median = 0.0
    /// Of the values as a whole, not as a sample.
    var standardDeviation = 0.0
    var upper = 0.0
    var lower = 0.0
    /// One for each percent that was asked for; nil where no value is within it.
    var percentiles: [Percentile?] = []
    /// How many values are in each bin.
    var bins: [Double] = []

    struct Percentile: Hashable {
        var count = 0.0
        var mean = 0.0
        /// The greatest value of the lower part, or the smallest of the upper part.
        var boundary = 0.0
        var sum = 0.0
        var sumOfSquares = 0.0
    }

    /// Of values in order, at least one. Sums are made from the smallest on, as statsd does.
    init(_ values: UnsafeBufferPointer<Double>, percents: [Double], limits: [Double]) {
        let count = values.count
        // The sums up to the places where percentiles end, in one pass.
        let sizes = percents.map { Self.size($0, of: Double(count)) }
        let places = zip(percents, sizes).map { percent, size in
            percent > 0 ? Int(size) : count - Int(size)
        }
        var sums = Array(repeating: 0.0, count: places.count)
        var squares = sums
        var begin = 0
        for place in places.indices.sorted(by: { places[$0] < places[$1] }) {
            add(values[begin..<places[place]])
            begin = places[place]
            sums[place] = sum
            squares[place] = sumOfSquares
        }
        add(values[begin...])
        lower = values[0]
        upper = values[count - 1]
        mean = sum / Double(count)
        let middle = count / 2
        median = count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2
        var differences = 0.0
        for value in values { differences += (value - mean) * (value - mean) }
        standardDeviation = (differences / Double(count)).squareRoot()
        percentiles = percents.indices.map { index -> Percentile? in
            guard sizes[index] > 0 else { return nil }
            let isLower = percents[index] > 0
            let place = places[index]
            let part = isLower ? sums[index] : sum - sums[index]
            let partSquares = isLower ? squares[index] : sumOfSquares - squares[index]
            return Percentile(
                count: sizes[index], mean: part / sizes[index],
                boundary: isLower ? values[place - 1] : values[place], sum: part, sumOfSquares: partSquares)
        }
        var index = 0
        bins = limits.map { limit in
            let start = index
            while index < count, values[index] < limit { index += 1 }
            return Double(index - start)
        }
    }

    /// Of counted values: what is exact of `totals`, the rest from the middles of buckets.
    init(
        _ totals: TimerTotals, _ buckets: [(bucket: UInt32, times: UInt64)], percents: [Double],
        limits: [Double]
    ) {
        let values = buckets.map { bucket, times in
            (
                value: min(max(LogHistogram.value(bucket), totals.lower), totals.upper),
                times: Double(times)
            )
        }
        let count = values.reduce(0) { $0 + $1.times }
        sum = totals.sum
        sumOfSquares = totals.sumOfSquares
        lower = totals.lower
        upper = totals.upper
        mean = sum / totals.count
        let differences = values.reduce(0) { $0 + $1.times * ($1.value - mean) * ($1.value - mean) }
        standardDeviation = (differences / max(count, 1)).squareRoot()
        median =
            (Self.value(at: (count / 2).rounded(.down), values)
                + Self.value(at: ((count - 1) / 2).rounded(.down), values)) / 2
        percentiles = percents.map { percent in
            let size = Self.size(percent, of: count)
            guard size > 0 else { return nil }
            let ordered = percent > 0 ? values : values.reversed()
            var left = size
            var part = Percentile(count: size)
            for (value, times) in ordered where left > 0 {
                let taken = min(times, left)
                part.sum += taken * value
                part.sumOfSquares += taken * value * value
                part.boundary = value
                left -= taken
            }
            part.mean = part.sum / size
            return part
        }
        var lowerLimit = -Double.infinity
        bins = limits.map { limit in
            defer { lowerLimit = limit }
            return values.reduce(0) { $0 + ($1.value >= lowerLimit && $1.value < limit ? $1.times : 0) }
        }
    }

    /// How many of `count` values are within a percent. A single value is within all.
    private static func size(_ percent: Double, of count: Double) -> Double {
        count == 1 ? 1 : min((abs(percent) / 100 * count + 0.5).rounded(.down), count)
    }

    private static func value(at index: Double, _ values: [(value: Double, times: Double)]) -> Double {
        var passed = 0.0
        for (value, times) in values {
            passed += times
            if index < passed { return value }
        }
        return values.last?.value ?? 0
    }

    private mutating func add(_ values: Slice<UnsafeBufferPointer<Double>>) {
        var sum = sum
        var squares = sumOfSquares
        for value in values {
            sum += value
            squares += value * value
        }
        self.sum = sum
        sumOfSquares = squares
    }
}
