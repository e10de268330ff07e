/// What a legend says of a series: figures of the points within a span.
package struct SeriesSummary: Hashable, Sendable {
    /// NaN where there is no point.
    package var last = Double.nan
    package var min = Double.nan
    package var max = Double.nan
    package var mean = Double.nan
    /// How many points there are.
    package var count = 0

    /// Of the points in `from...until`.
    package init(_ window: SeriesWindow, from: Int64, until: Int64) {
        var sum = 0.0
        for index in window.indices(from: from, until: until) {
            let value = window.values[index]
            guard value.isFinite else { continue }
            last = value
            min = count == 0 ? value : Swift.min(min, value)
            max = count == 0 ? value : Swift.max(max, value)
            count += 1
            // A running mean does not overflow.
            sum += (value - sum) / Double(count)
        }
        if count > 0 { mean = sum }
    }
}

extension SeriesWindow {
    /// The indices of the values whose time is in `from...until`.
    func indices(from: Int64, until: Int64) -> Range<Int> {
        guard step > 0, !values.isEmpty, from <= until else { return 0..<0 }
        let first = from.subtractingReportingOverflow(start)
        let last = until.subtractingReportingOverflow(start)
        guard !first.overflow, !last.overflow, last.partialValue >= 0 else { return 0..<0 }
        let low = first.partialValue <= 0 ? 0 : (first.partialValue - 1) / step + 1
        let high = Swift.min(Int64(values.count), last.partialValue / step + 1)
        return low < high ? Int(low)..<Int(high) : 0..<0
    }
}
