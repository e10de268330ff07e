/// How many of something fell between bounds, over time: latencies, by buckets.
package struct HeatMap: Sendable {
    package struct Bucket: Hashable, Sendable {
        /// The upper bound; infinite for the last one.
        package var upper: Double
        /// How many there were in this bucket alone.
        package var counts: SeriesWindow

        package init(upper: Double, counts: SeriesWindow) {
            self.upper = upper
            self.counts = counts
        }
    }

    package var title: String
    /// Of the buckets' bounds.
    package var unit: ChartUnit
    package let from: Int64
    package let until: Int64
    /// In order of their bounds.
    package let buckets: [Bucket]
    package var marks: [ChartMark] = []
    package var zone = ChartZone.utc

    package init(title: String, unit: ChartUnit, from: Int64, until: Int64, buckets: [Bucket]) {
        self.title = title
        self.unit = unit
        self.from = from
        self.until = until
        self.buckets = buckets.sorted { $0.upper < $1.upper }
    }

    /// From Prometheus' buckets, of which each counts what is below its bound, too: the tag `le` of a window's
    /// name is its bound. Windows without it are left out.
    package init(cumulative windows: [SeriesWindow], title: String, unit: ChartUnit, from: Int64, until: Int64) {
        let bounded = windows.compactMap { window -> Bucket? in
            let bound = window.name.split(separator: ";").first { $0.hasPrefix("le=") }?.dropFirst(3)
            guard let bound, let upper = bound == "+Inf" ? .infinity : Double(bound), !upper.isNaN else { return nil }
            return Bucket(upper: upper, counts: window)
        }.sorted { $0.upper < $1.upper }
        var below: SeriesWindow?
        let buckets = bounded.map { bucket in
            var own = bucket
            if let below, below.step == own.counts.step, below.start == own.counts.start {
                for (index, value) in below.values.prefix(own.counts.values.count).enumerated() {
                    // What is not known stays so: `max` would make a zero of it.
                    let difference = own.counts.values[index] - value
                    own.counts.values[index] = difference.isNaN ? .nan : max(0, difference)
                }
            }
            below = bucket.counts
            return own
        }
        self.init(title: title, unit: unit, from: from, until: until, buckets: buckets)
    }
}

/// Draws a heat map: a row for each bucket, a column for each span of time, the stronger the more.
package struct SVGHeatMap {
    private static let columnsMax = 200
    private static let rowsMax = 64

    let map: HeatMap
    let options: SVGChart.Options
    private let frame: SVGChart
    private let labels: [String]
    private let rows: ArraySlice<HeatMap.Bucket>

    package init(_ map: HeatMap, options: SVGChart.Options = SVGChart.Options()) {
        self.map = map
        self.options = options
        rows = map.buckets.prefix(Self.rowsMax)
        labels = rows.map { $0.upper == .infinity ? "∞" : map.unit.text($0.upper) }
        var chart = Chart(title: map.title, unit: map.unit, from: map.from, until: map.until)
        chart.marks = map.marks
        chart.zone = map.zone
        frame = SVGChart(frame: chart, options: options, labels: labels)
    }

    package var markup: Markup {
        let cells = cells
        let height = Double(options.height) + 24
        return SVGChart.frame(
            width: Double(options.width), height: height, title: map.title, description: description(cells.most),
            theme: options.theme, data: frame.data,
            """
            \(frame.title)\(rowLabels)\(frame.timeAxis)
            \(frame.plot.clip(cells.markup))
            \(frame.markLines)\(rows.isEmpty ? frame.noData : .empty)\(scale(cells.most))
            """)
    }

    private var rowHeight: Double { frame.plot.height / Double(max(1, rows.count)) }

    /// The bounds between the rows, as many as there is room for.
    private var rowLabels: Markup {
        let every = max(1, Int((14 / rowHeight).rounded(.up)))
        let texts = labels.enumerated().markup { row, label in
            guard (labels.count - 1 - row) % every == 0 else { return .empty }
            let y = frame.plot.top + frame.plot.height - Double(row + 1) * rowHeight
            return #"<text x="\#(frame.plot.left - 8)" y="\#(y + 4)">\#(label)</text>"#
        }
        return #"<g \#(options.theme.paint(.muted)) fill="currentColor" text-anchor="end">\#(texts)</g>"#
    }

    /// A path for each strength. Where a bucket is known to be empty it is a little darker than the paper.
    private var cells: (markup: Markup, most: Double) {
        let columns = max(1, min(Self.columnsMax, Int(frame.plot.width / 4)))
        let grid = ChartGrid(rows.map(\.counts), from: frame.chart.from, until: frame.chart.until, cellsMax: columns)
        let values = rows.map { grid.means($0.counts) }
        let most = values.joined().reduce(0) { $1.isFinite ? max($0, $1) : $0 }
        let strengths = ChartPalette.lightHeat.count
        var paths = [PathText](repeating: PathText(), count: strengths + 1)
        let width = frame.plot.width / Double(grid.times.count)
        for (row, line) in values.enumerated() {
            let bottom = frame.plot.height - Double(row) * rowHeight
            var column = 0
            while column < line.count {
                let strength = Self.strength(line[column], of: most)
                let begin = column
                repeat { column += 1 } while column < line.count && Self.strength(line[column], of: most) == strength
                guard let strength else { continue }
                paths[strength].rectangle(
                    Double(begin) * width, bottom - rowHeight + 0.5, Double(column) * width, bottom - 0.5)
            }
        }
        let markup = paths.enumerated().markup { index, path in
            guard !path.isEmpty else { return .empty }
            let paint = index == 0 ? options.theme.paint(.grid) : options.theme.paint(heat: index - 1)
            let opacity: Markup = index == 0 ? #" fill-opacity=".35""# : .empty
            return #"<g \#(paint)><path fill="currentColor"\#(opacity) d="\#(path.markup)"/></g>"#
        }
        return (markup, most)
    }

    /// 0 for nothing, 1…7 by the root of the share of the most: little is not lost beside much.
    private static func strength(_ value: Double, of most: Double) -> Int? {
        guard value.isFinite else { return nil }
        guard value > 0, most > 0 else { return 0 }
        let steps = Double(ChartPalette.lightHeat.count)
        return max(1, min(Int(steps), Int(((value / most).squareRoot() * steps).rounded(.up))))
    }

    private func scale(_ most: Double) -> Markup {
        let y = Double(options.height) + 6
        let left = frame.plot.left + 14
        let swatches = ChartPalette.lightHeat.indices.markup { index in
            #"<g \#(options.theme.paint(heat: index))><rect fill="currentColor" x="\#(left + Double(index) * 16)" y="\#(y - 3)" width="16" height="9"/></g>"#
        }
        let right = left + Double(ChartPalette.lightHeat.count) * 16
        return """
            \(swatches)<g \(options.theme.paint(.muted)) fill="currentColor">\
            <text x="\(left - 6)" y="\(y + 5)" text-anchor="end">0</text>\
            <text x="\(right + 6)" y="\(y + 5)">\(ChartUnit.none.text(most))</text></g>
            """
    }

    private func description(_ most: Double) -> String {
        "\(ChartText.summary(frame.chart)) Counts in \(rows.count) buckets, at most \(ChartUnit.none.text(most)) in one."
    }
}
