/// Finds the one that differs: of hosts of a class, of instances of an app.
package enum Outliers {
    /// From this score on, one stands out. Source of the bound: Iglewicz and Hoaglin, "How to Detect and Handle
    /// Outliers" (1993).
    package static let threshold = 3.5

    /// No single span counts for more: one wild point is no sick host.
    private static let deviationMax = 12.0
    private static let spansMax = 24

    /// How far each is from the others; 0 for what has no points, and for all of fewer than three.
    ///
    /// The time is cut into at most 24 spans. In each, a member's mean is compared with the median of all,
    /// in units of the median absolute deviation (the modified z-score). The score is the mean of the highest
    /// quarter of these: what went wrong for a while is seen as well as what is wrong all the time.
    package static func score(_ windows: [SeriesWindow], from: Int64, until: Int64) -> [Double] {
        guard windows.count >= 3, from < until else { return [Double](repeating: 0, count: windows.count) }
        let grid = ChartGrid(windows, from: from, until: until, cellsMax: spansMax)
        let means = windows.map { grid.means($0) }
        var deviations = [[Double]](repeating: [], count: windows.count)
        for span in grid.times.indices {
            for (member, deviation) in Self.deviations(means.map { $0[span] }).enumerated() where deviation.isFinite {
                deviations[member].append(min(deviationMax, deviation))
            }
        }
        return deviations.map { all in
            guard !all.isEmpty else { return 0 }
            let highest = all.sorted(by: >).prefix((all.count + 3) / 4)
            return highest.reduce(0, +) / Double(highest.count)
        }
    }

    /// The modified z-score of each value, without sign; NaN for NaN, and if fewer than three are known.
    static func deviations(_ values: [Double]) -> [Double] {
        let known = values.filter(\.isFinite)
        guard known.count >= 3 else { return values.map { _ in .nan } }
        let middle = median(known)
        let distances = known.map { ($0 - middle).magnitude }
        // Where more than half are equal the median deviation is 0, and the mean one takes its place.
        var scale = 1.4826 * median(distances)
        if scale == 0 { scale = 1.2533 * distances.reduce(0) { $0 + $1 / Double(distances.count) } }
        // A thousandth of the level is no difference, however alike the others are.
        scale = max(scale, middle.magnitude * 1e-3)
        return values.map { value in
            guard value.isFinite else { return .nan }
            return scale > 0 ? (value - middle).magnitude / scale : 0
        }
    }

    /// Of at least one value.
    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let half = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2
    }
}
