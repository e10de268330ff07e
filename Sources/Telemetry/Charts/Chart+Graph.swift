extension Chart {
    private static let marksMax = 100

    /// What a Graphite expression gave, as its own functions want it drawn: colours, lines, areas, the second axis,
    /// and events as lines from bottom to top.
    package init(_ graph: [GraphSeries], title: String, unit: ChartUnit = .none, from: Int64, until: Int64) {
        self.init(title: title, unit: unit, from: from, until: until)
        add(graph)
    }

    /// - Parameters:
    ///   - style: of series whose functions say nothing of it.
    ///   - side: where those are read that say nothing of it.
    mutating func add(_ graph: [GraphSeries], style: ChartSeries.Style = .line, side: ChartSeries.Side = .left) {
        /// The last line of each stack: what comes on top of it begins there.
        var tops: [String: SeriesWindow] = [:]
        var lower: SeriesWindow?
        for drawn in graph {
            let window = drawn.window
            if drawn.style.isInvisible {
                // The lower edge of an area; its upper edge comes next.
                lower = drawn.style.isStacked ? window : nil
                continue
            }
            if drawn.style.isDrawnAsInfinite {
                mark(window)
                continue
            }
            var one = ChartSeries(window, style: style, side: drawn.style.isOnSecondAxis ? .right : side)
            one.color = drawn.style.color.flatMap { ChartColor($0) }
            one.stroke = ChartStroke(
                width: drawn.style.lineWidth, dash: drawn.style.dashed, opacity: drawn.style.alpha)
            if drawn.style.isStacked {
                let stack = drawn.tags["stacked"] ?? ""
                let floor = lower ?? tops[stack]
                one.style = .area
                if lower == nil { tops[stack] = window }
                if let floor, one.side == .left, bands.count < ChartBand.countMax {
                    one.style = .line
                    bands.append(ChartBand(lower: floor, upper: window, series: series.count))
                }
            }
            lower = nil
            series.append(one)
        }
    }

    private mutating func mark(_ window: SeriesWindow) {
        for (index, value) in window.values.enumerated() where value != 0 && !value.isNaN {
            guard marks.count < Self.marksMax else { return }
            marks.append(ChartMark(time: window.start + Int64(index) * window.step, label: window.name))
        }
    }
}
