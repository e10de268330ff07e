extension Chart {
    private static let marksMax = 100

    /// What a Graphite expression gave, as its own functions want it drawn: colours, areas, the second axis, and
    /// events as lines from bottom to top.
    package init(_ graph: [GraphSeries], title: String, unit: ChartUnit = .none, from: Int64, until: Int64) {
        self.init(title: title, unit: unit, from: from, until: until)
        for drawn in graph where !drawn.style.isInvisible {
            let window = drawn.window
            if drawn.style.isDrawnAsInfinite {
                for (index, value) in window.values.enumerated() where value != 0 && !value.isNaN {
                    guard marks.count < Self.marksMax else { break }
                    marks.append(ChartMark(time: window.start + Int64(index) * window.step, label: drawn.name))
                }
                continue
            }
            var one = ChartSeries(
                window, style: drawn.style.isStacked ? .area : .line, side: drawn.style.isOnSecondAxis ? .right : .left)
            one.color = drawn.style.color.flatMap { ChartColor($0) }
            series.append(one)
        }
    }
}
