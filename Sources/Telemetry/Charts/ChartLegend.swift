/// What stands below a chart: each series with its last, least, greatest and mean value. Many series are
/// put in columns, with the last value only.
struct ChartLegend {
    /// The most series that have a row with all figures.
    static let rowsMax = 12
    /// The most that have a place at all; then it says how many more there are.
    static let entriesMax = 48

    private static let rowHeight = 17.0
    private static let figureWidth = 70.0

    let chart: Chart
    let drawing: ChartDrawing
    let options: SVGChart.Options

    init(_ chart: Chart, _ drawing: ChartDrawing, _ options: SVGChart.Options) {
        self.chart = chart
        self.drawing = drawing
        self.options = options
    }

    private var shown: ArraySlice<ChartDrawing.Series> { drawing.series.prefix(Self.entriesMax) }
    private var isTable: Bool { drawing.series.count <= Self.rowsMax }
    private var columns: Int { isTable ? 1 : max(1, min(4, options.width / 210)) }
    private var rows: Int { (shown.count + columns - 1) / columns + (isTable ? 1 : 0) }
    private var left: Int { chart.series.count - shown.count }

    /// In user units.
    var height: Double { Double(rows) * Self.rowHeight + (left > 0 ? Self.rowHeight : 0) + 10 }

    func markup(top: Double) -> Markup {
        let more: Markup =
            left > 0
            ? """
            <text \(options.theme.paint(.muted)) fill="currentColor" x="12" \
            y="\(top + Double(rows) * Self.rowHeight + 12)">and \(left) more</text>
            """ : .empty
        return "<g>\(isTable ? table(top) : list(top))\(more)</g>"
    }

    private func table(_ top: Double) -> Markup {
        let heads = options.width < 460 ? ["last"] : ["last", "min", "max", "mean"]
        let right = Double(options.width) - 14
        func x(_ column: Int) -> Double { right - Double(heads.count - 1 - column) * Self.figureWidth }
        let head = heads.enumerated().markup { column, name in
            #"<text x="\#(x(column))" y="\#(top + 12)" text-anchor="end">\#(name)</text>"#
        }
        let rows = shown.enumerated().markup { row, drawn in
            let y = top + Double(row + 1) * Self.rowHeight + 12
            let unit = chart.unit(of: chart.series[drawn.index].side)
            let figures = [drawn.summary.last, drawn.summary.min, drawn.summary.max, drawn.summary.mean]
            let cells = figures.prefix(heads.count).enumerated().markup { column, value in
                #"<text x="\#(x(column))" y="\#(y)" text-anchor="end">\#(unit.text(value))</text>"#
            }
            let room = x(0) - Self.figureWidth - 34
            return "\(entry(drawn, x: 12, y: y, room: room))\(cells)\n"
        }
        return """
            <g \(options.theme.paint(.muted)) fill="currentColor">\(head)</g>\
            <g \(options.theme.paint(.ink)) fill="currentColor">\(rows)</g>
            """
    }

    private func list(_ top: Double) -> Markup {
        let width = (Double(options.width) - 26) / Double(columns)
        let entries = shown.enumerated().markup { position, drawn in
            let (column, row) = (position / rows, position % rows)
            let (x, y) = (12 + Double(column) * width, top + Double(row) * Self.rowHeight + 12)
            let value = chart.unit(of: chart.series[drawn.index].side).text(drawn.summary.last)
            return """
                \(entry(drawn, x: x, y: y, room: width - 24 - Self.figureWidth))\
                <text x="\(x + width - 14)" y="\(y)" text-anchor="end">\(value)</text>

                """
        }
        return #"<g \#(options.theme.paint(.ink)) fill="currentColor">\#(entries)</g>"#
    }

    private func dash(_ index: Int) -> Markup {
        chart.series[index].stroke.dash == nil ? options.theme.dash(series: index) : #" stroke-dasharray="3 2""#
    }

    private func entry(_ drawn: ChartDrawing.Series, x: Double, y: Double, room: Double) -> Markup {
        let label = chart.series[drawn.index].label
        let side = chart.series[drawn.index].side == .right ? "\(label) (right)" : label
        return """
            <g \(chart.series[drawn.index].color?.paint ?? options.theme.paint(series: drawn.index))><path stroke="currentColor" stroke-width="3" \
            d="M\(x) \(y - 4)h14"\(dash(drawn.index))/></g>\
            <text x="\(x + 20)" y="\(y)"><title>\(side)</title>\
            \(TextWidth.fitting(side, size: SVGChart.fontSize, into: room))</text>
            """
    }
}
