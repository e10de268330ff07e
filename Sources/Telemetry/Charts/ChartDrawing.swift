/// What a chart has when its series have become points, and its axes are known: the same for SVG and for a
/// terminal.
struct ChartDrawing {
    struct Series: Hashable {
        /// In the chart's series.
        var index: Int
        var points: ChartPoints
        /// Of an area or a stacked one: where it begins at the bottom, at the same times. Empty means zero.
        var floor: ChartPoints
        var summary: SeriesSummary
    }

    let series: [Series]
    let bands: [(series: Int, lower: ChartPoints, upper: ChartPoints)]
    let left: ValueAxis
    /// Nil if no series is on the right.
    let right: ValueAxis?

    /// For a plot of at most `width` columns and axes with about `ticks` ticks.
    init(_ chart: Chart, width: Int, ticks: Int) {
        let shown = chart.series.prefix(SVGChart.seriesMax)
        let columns = max(16, min(width, SVGChart.pointsMax / 2 / max(1, shown.count + 2 * chart.bands.count)))
        var stack = ChartStack(chart, cellsMax: columns)
        series = shown.enumerated().map { index, series in
            let summary = SeriesSummary(series.window, from: chart.from, until: chart.until)
            if series.style == .stacked {
                let (points, floor) = stack.add(series.window, side: series.side)
                return Series(index: index, points: points, floor: floor, summary: summary)
            }
            let points = ChartPoints(series.window, from: chart.from, until: chart.until, columns: columns)
            return Series(index: index, points: points, floor: ChartPoints(), summary: summary)
        }
        let grid = ChartGrid(
            chart.bands.flatMap { [$0.lower, $0.upper] }, from: chart.from, until: chart.until, cellsMax: columns)
        bands = chart.bands.prefix(ChartBand.countMax).map { band in
            let (lower, upper) = grid.runs(grid.means(band.lower), grid.means(band.upper))
            return (band.series, lower, upper)
        }
        let (drawn, filled) = (series, bands)
        func axis(_ side: ChartSeries.Side, _ range: ChartRange) -> ValueAxis? {
            let own = drawn.filter { chart.series[$0.index].side == side }
            if side == .right && own.isEmpty { return nil }
            var bounds: (low: Double, high: Double)?
            let around = side == .left ? filled.flatMap { [$0.lower, $0.upper] } : []
            for points in own.flatMap({ [$0.points, $0.floor] }) + around {
                guard let found = points.bounds else { continue }
                bounds = bounds.map { (min($0.low, found.low), max($0.high, found.high)) } ?? found
            }
            let isFilled = own.contains { chart.series[$0.index].style != .line }
            return range.axis(bounds, unit: chart.unit(of: side), isFilled: isFilled, count: ticks)
        }
        left = axis(.left, chart.range) ?? ValueAxis(low: 0, high: 1, unit: chart.unit, count: ticks)
        right = axis(.right, chart.secondRange)
    }

    var isEmpty: Bool { series.allSatisfy { $0.points.runs.isEmpty } }

    func axis(of side: ChartSeries.Side) -> ValueAxis { side == .left ? left : right ?? left }
}

/// Adds stacked series up, one after another: what is positive grows upwards from zero, what is negative
/// downwards.
struct ChartStack {
    private let grid: ChartGrid
    private var tops: [ChartSeries.Side: (above: [Double], below: [Double])] = [:]

    init(_ chart: Chart, cellsMax: Int) {
        let windows = chart.series.filter { $0.style == .stacked }.map(\.window)
        grid = ChartGrid(windows, from: chart.from, until: chart.until, cellsMax: cellsMax)
    }

    mutating func add(_ window: SeriesWindow, side: ChartSeries.Side) -> (points: ChartPoints, floor: ChartPoints) {
        let zero = [Double](repeating: 0, count: grid.times.count)
        var (above, below) = tops[side] ?? (zero, zero)
        let values = grid.means(window)
        var (upper, lower) = (values, values)
        for (index, value) in values.enumerated() where value.isFinite {
            lower[index] = value < 0 ? below[index] : above[index]
            upper[index] = lower[index] + value
            if value < 0 { below[index] = upper[index] } else { above[index] = upper[index] }
        }
        tops[side] = (above, below)
        return grid.runs(upper, lower)
    }
}

extension ChartGrid {
    /// Two lines over the cells, with a gap wherever one has no value.
    func runs(_ first: [Double], _ second: [Double]) -> (ChartPoints, ChartPoints) {
        var runs: ([[ChartPoints.Point]], [[ChartPoints.Point]]) = ([], [])
        var isOpen = false
        for (index, time) in times.enumerated() {
            guard first[index].isFinite, second[index].isFinite else {
                isOpen = false
                continue
            }
            if !isOpen {
                runs.0.append([])
                runs.1.append([])
                isOpen = true
            }
            runs.0[runs.0.count - 1].append(ChartPoints.Point(time: time, value: first[index]))
            runs.1[runs.1.count - 1].append(ChartPoints.Point(time: time, value: second[index]))
        }
        return (ChartPoints(runs: runs.0), ChartPoints(runs: runs.1))
    }
}
