/// Draws a chart as SVG: an element that is complete by itself, and scales.
package struct SVGChart {
    /// How many points all series of a picture have together, at most.
    static let pointsMax = 24_000
    /// How many series are drawn; of the others the legend says how many they are.
    package static let seriesMax = 200
    static let fontSize = 11.0

    package struct Options: Hashable, Sendable {
        /// In user units, which are pixels at natural size: 200…4000.
        package var width: Int
        /// Of the picture without its legend: 100…4000.
        package var height: Int
        package var theme: ChartTheme
        package var hasLegend: Bool
        package var hasTitle = true

        package init(width: Int = 800, height: Int = 260, theme: ChartTheme = .adaptive, hasLegend: Bool = true) {
            self.width = max(200, min(4000, width))
            self.height = max(100, min(4000, height))
            self.theme = theme
            self.hasLegend = hasLegend
        }
    }

    let chart: Chart
    let options: Options
    let drawing: ChartDrawing
    let plot: PlotArea

    package init(_ chart: Chart, options: Options = Options()) {
        self.chart = chart
        self.options = options
        let plotHeight = Double(options.height) - (options.hasTitle ? 30 : 12) - 34 - (chart.marks.isEmpty ? 0 : 14)
        drawing = ChartDrawing(chart, width: options.width, ticks: max(2, Int(plotHeight / 36)))
        plot = PlotArea(
            chart, options, left: drawing.left.ticks.map(\.label), right: drawing.right?.ticks.map(\.label))
    }

    /// The frame of another kind of picture: without series, but with these labels on the left.
    init(frame chart: Chart, options: Options, labels: [String]) {
        self.chart = chart
        self.options = options
        drawing = ChartDrawing(chart, width: options.width, ticks: 2)
        plot = PlotArea(chart, options, left: labels, right: nil)
    }

    package var markup: Markup {
        let legend = options.hasLegend ? ChartLegend(chart, drawing, options) : nil
        let height = Double(options.height) + (legend?.height ?? 0)
        return Self.frame(
            width: Double(options.width), height: height, title: chart.title, description: ChartText.summary(chart),
            theme: options.theme, data: data,
            """
            \(title)\(valueAxis(drawing.left, side: .left))\(drawing.right.map { valueAxis($0, side: .right) } ?? .empty)\
            \(timeAxis)
            \(plot.clip("\(grid)\(bands)\(areas)\(lines)"))
            \(markLines)\(emptyText)\(legend.map { $0.markup(top: Double(options.height)) } ?? .empty)
            """)
    }

    /// The element around a picture. In a page, the script shows what the pointer is at, and no title of
    /// the element may cover that.
    static func frame(
        width: Double, height: Double, title: String, description: String, theme: ChartTheme, data: Markup,
        _ content: Markup
    ) -> Markup {
        let head: Markup =
            theme == .page
            ? #"role="img" tabindex="0" aria-label="\#(title)""#
            : #"role="img" aria-label="\#(title)""#
        let styled: Markup = theme == .adaptive || theme == .page ? #" class="apus-chart""# : .empty
        let named: Markup = theme == .page ? .empty : "<title>\(title)</title>"
        return """
            <svg xmlns="http://www.w3.org/2000/svg"\(styled) width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)" \(head)\(data) \
            font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif" \
            font-size="\(fontSize)">
            \(named)<desc>\(description)</desc>\(theme == .adaptive ? style : .empty)
            <rect \(theme.paint(.paper)) fill="currentColor" width="\(width)" height="\(height)" rx="4"/>
            \(content)
            </svg>
            """
    }

    private static let style: Markup = "<style>\(Markup.stylesheet)</style>"

    /// What the script needs to know: the span and where it is drawn.
    var data: Markup {
        guard options.theme == .page else { return .empty }
        return """
             data-from="\(chart.from)" data-until="\(chart.until)" data-left="\(plot.left)" data-top="\(plot.top)" \
            data-width="\(plot.width)" data-height="\(plot.height)" data-zone="\(chart.zone.name)"
            """
    }

    var title: Markup {
        guard options.hasTitle, !chart.title.isEmpty else { return .empty }
        let text = TextWidth.fitting(chart.title, size: 13, into: Double(options.width) - 24)
        return """
            <text \(options.theme.paint(.ink)) fill="currentColor" x="12" y="19" font-size="13" font-weight="600">\
            \(text)</text>

            """
    }

    var emptyText: Markup {
        drawing.isEmpty ? noData : .empty
    }

    var noData: Markup {
        """
        <text \(options.theme.paint(.muted)) fill="currentColor" x="\(plot.left + plot.width / 2)" \
        y="\(plot.top + plot.height / 2 + 4)" text-anchor="middle">no data in this time</text>
        """
    }
}

extension Markup {
    /// The style sheet is ours, and has nothing that XML or HTML would read.
    fileprivate static let stylesheet = Markup(stringLiteral: ChartPalette.stylesheet)
}

/// Where the points of a chart are drawn, in user units.
struct PlotArea {
    let left: Double
    let top: Double
    let width: Double
    let height: Double
    private let seconds: Double

    /// With room for the labels of the axes.
    init(_ chart: Chart, _ options: SVGChart.Options, left labels: [String], right others: [String]?) {
        func room(_ labels: [String]) -> Double {
            // No label takes more than a third of the picture.
            let widest = labels.reduce(0) { max($0, TextWidth.of($1, size: SVGChart.fontSize)) }
            return (min(widest, Double(options.width) / 3) + 16).rounded()
        }
        left = max(34, room(labels))
        top = (options.hasTitle ? 30 : 12) + (chart.marks.isEmpty ? 0 : 14)
        let right = others.map(room) ?? 14
        width = max(40, Double(options.width) - left - right)
        height = max(30, Double(options.height) - top - 34)
        seconds = chart.seconds
    }

    /// From seconds since the chart's `from`.
    func x(_ time: Double) -> Double { time / seconds * width }

    func y(_ value: Double, _ axis: ValueAxis) -> Double {
        // Far beyond the plot is as good as a little beyond it.
        max(-1, min(2, 1 - axis.position(value))) * height
    }

    /// Content with the origin at the plot's corner, and cut at its bounds but for half a line's width.
    func clip(_ content: Markup) -> Markup {
        """
        <svg x="\(left)" y="\(top - 2)" width="\(width)" height="\(height + 4)" viewBox="0 -2 \(width) \(height + 4)">
        \(content)</svg>
        """
    }
}
