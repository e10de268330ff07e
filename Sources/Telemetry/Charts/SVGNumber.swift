/// Draws the last value of a chart's first series, large, over an area of what it was before.
package struct SVGNumber {
    let chart: Chart
    let options: SVGChart.Options

    package init(_ chart: Chart, options: SVGChart.Options = SVGChart.Options()) {
        self.chart = chart
        self.options = options
    }

    package var markup: Markup {
        let (width, height) = (Double(options.width), Double(options.height))
        let summary =
            chart.series.first.map { SeriesSummary($0.window, from: chart.from, until: chart.until) }
        let unit = chart.unit
        let value = unit.text(summary?.last ?? .nan)
        // As large as the room lets it be.
        let size = max(16, min(height * 0.36, (width - 32) / max(1, TextWidth.of(value, size: 1))))
        let range = summary.flatMap { summary in
            summary.count > 0 ? "\(unit.text(summary.min)) to \(unit.text(summary.max))" : nil
        }
        return SVGChart.frame(
            width: width, height: height, title: chart.title, description: ChartText.summary(chart),
            theme: options.theme, data: .empty,
            """
            \(area(width, height))<g \(options.theme.paint(.ink)) fill="currentColor">\
            <text x="12" y="19" font-size="13" font-weight="600">\
            \(TextWidth.fitting(chart.title, size: 13, into: width - 24))</text>\
            <text x="\(width / 2)" y="\(height / 2 + size * 0.36)" font-size="\(size)" font-weight="650" \
            text-anchor="middle">\(value)</text></g>\
            <g \(options.theme.paint(.muted)) fill="currentColor"><text x="12" y="\(height - 10)">\
            \(TextWidth.fitting(range ?? "no data in this time", size: SVGChart.fontSize, into: width - 24))</text></g>
            """)
    }

    /// In the lower half, faint enough to read the value over it.
    private func area(_ width: Double, _ height: Double) -> Markup {
        let drawing = ChartDrawing(chart, width: Int(width), ticks: 2)
        guard let drawn = drawing.series.first else { return .empty }
        let shapes = drawn.points.runs.markup { run in
            func x(_ point: ChartPoints.Point) -> Double { point.time / chart.seconds * width }
            var path = PathText()
            path.run(run.map { (x($0), height - max(0, min(1, drawing.left.position($0.value))) * height / 2) })
            path.line(x(run[run.count - 1]), height)
            path.line(x(run[0]), height)
            return "\(path.markup)z"
        }
        return """
            <g \(options.theme.paint(series: 0))><path fill="currentColor" fill-opacity=".16" d="\(shapes)"/></g>
            """
    }
}
