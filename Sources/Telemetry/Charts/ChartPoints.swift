/// A series as it is drawn: runs of points without a gap in between.
struct ChartPoints: Hashable {
    struct Point: Hashable {
        /// Seconds since the chart's `from`.
        var time: Double
        var value: Double
    }

    var runs: [[Point]] = []

    init(runs: [[Point]] = []) { self.runs = runs }

    /// The points of a window. More than two to a column are made into the least and the greatest of the
    /// column, in their order, so that no peak is lost. A column without a point is a gap.
    init(_ window: SeriesWindow, from: Int64, until: Int64, columns: Int) {
        // The neighbours beyond both ends let the line reach the ends.
        let indices = window.indices(
            from: from.subtractingReportingOverflow(window.step).partialValue,
            until: until.addingReportingOverflow(window.step).partialValue)
        let perColumn = max(1, (indices.count + 2 * columns - 1) / max(1, 2 * columns))
        var run: [Point] = []
        func end() {
            if !run.isEmpty { runs.append(run) }
            run = []
        }
        func point(_ index: Int) -> Point {
            Point(
                time: Double(window.start) - Double(from) + Double(index) * Double(window.step),
                value: window.values[index])
        }
        if perColumn == 1 {
            for index in indices {
                if window.values[index].isFinite { run.append(point(index)) } else { end() }
            }
        } else {
            let width = perColumn * 2
            // Columns are counted from 1970, so that a chart that moves on keeps its shape.
            let phase = Int((window.start / window.step) % Int64(width))
            var index = indices.lowerBound
            while index < indices.upperBound {
                let next = min(indices.upperBound, ((index + phase) / width + 1) * width - phase)
                if let (low, high) = Self.extremes(window.values, index..<next) {
                    run.append(point(min(low, high)))
                    if low != high { run.append(point(max(low, high))) }
                } else {
                    end()
                }
                index = next
            }
        }
        end()
    }

    private static func extremes(_ values: [Double], _ indices: Range<Int>) -> (low: Int, high: Int)? {
        var found: (low: Int, high: Int)?
        for index in indices where values[index].isFinite {
            guard let (low, high) = found else {
                found = (index, index)
                continue
            }
            if values[index] < values[low] { found?.low = index }
            if values[index] > values[high] { found?.high = index }
        }
        return found
    }

    /// The least and the greatest value; nil of none.
    var bounds: (low: Double, high: Double)? {
        var found: (low: Double, high: Double)?
        for run in runs {
            for point in run {
                found =
                    found.map { (min($0.low, point.value), max($0.high, point.value)) } ?? (point.value, point.value)
            }
        }
        return found
    }
}

/// Series on one grid of times, for what adds them up or compares them.
struct ChartGrid {
    /// The time of the middle of each cell, in seconds since the chart's `from`.
    let times: [Double]
    let from: Int64
    let until: Int64

    /// As many cells as the finest of the windows has points, at most `cellsMax`.
    init(_ windows: [SeriesWindow], from: Int64, until: Int64, cellsMax: Int) {
        self.from = max(-1 << 40, min(1 << 40, from))
        self.until = max(-1 << 40, min(1 << 41, until))
        let finest = windows.reduce(0) { max($0, $1.indices(from: from, until: until).count) }
        let count = max(1, min(cellsMax, finest))
        let width = max(1, Double(until) - Double(from)) / Double(count)
        times = (0..<count).map { (Double($0) + 0.5) * width }
    }

    /// The mean of a window's points in each cell. A coarser window holds a value for all of its step;
    /// NaN where there is none.
    func means(_ window: SeriesWindow) -> [Double] {
        let width = max(1, Double(until) - Double(from)) / Double(times.count)
        return times.map { middle in
            let left = from + Int64((middle - width / 2).rounded(.up))
            let right = from + Int64((middle + width / 2).rounded(.up)) - 1
            let inside = window.indices(from: left, until: right)
            let indices =
                inside.isEmpty
                ? window.indices(from: left - min(window.step, 1 << 41) + 1, until: left).suffix(1) : inside
            var (sum, count) = (0.0, 0)
            for index in indices where window.values[index].isFinite {
                count += 1
                sum += (window.values[index] - sum) / Double(count)
            }
            return count > 0 ? sum : .nan
        }
    }
}
