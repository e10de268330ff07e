extension SVGChart {
    private func paint(_ index: Int) -> Markup {
        let own = chart.series.indices.contains(index) ? chart.series[index].color : nil
        return own?.paint ?? options.theme.paint(series: max(0, index))
    }

    /// The room between the series of each band.
    var bands: Markup {
        drawing.bands.markup { band in
            let shape = area(band.upper, above: band.lower, drawing.left)
            return """
                <g \(paint(band.series))>\
                <path fill="currentColor" fill-opacity="\(fillOpacity(band.series, ".16"))" d="\(shape)"/></g>

                """
        }
    }

    private func fillOpacity(_ index: Int, _ standard: Markup) -> Markup {
        guard chart.series.indices.contains(index), let chosen = chart.series[index].stroke.opacity else {
            return standard
        }
        return "\(DecimalText.trimmed(chosen, decimals: 2))"
    }

    /// What is filled, behind all lines.
    var areas: Markup {
        drawing.series.markup { drawn in
            let series = chart.series[drawn.index]
            guard series.style != .line else { return .empty }
            let axis = drawing.axis(of: series.side)
            let shape = area(drawn.points, above: drawn.floor, axis)
            let opacity = fillOpacity(drawn.index, series.style == .stacked ? ".8" : ".18")
            return """
                <g \(paint(drawn.index))>\
                <path fill="currentColor" fill-opacity="\(opacity)" d="\(shape)"/></g>

                """
        }
    }

    /// The lines, the first series on top.
    var lines: Markup {
        let width = drawing.series.count > 12 ? 1.0 : 1.5
        return drawing.series.reversed().markup { drawn in
            let series = chart.series[drawn.index]
            let axis = drawing.axis(of: series.side)
            let path = drawn.points.runs.filter { $0.count > 1 }.markup { line($0, axis) }
            let dash = series.style == .stacked ? .empty : self.dash(drawn.index)
            let opacity: Markup =
                series.stroke.opacity.map { #" stroke-opacity="\#(DecimalText.trimmed($0, decimals: 2))""# } ?? .empty
            return """
                <g \(paint(drawn.index))\(hoverData(drawn))>\
                <path stroke="currentColor" stroke-width="\(series.stroke.width ?? width)" stroke-linejoin="round" stroke-linecap="round" \
                fill="none"\(opacity)\(dash) d="\(path)"/>\(dots(drawn.points, axis))</g>

                """
        }
    }

    /// The dashes that were chosen, or those that tell series of one colour apart.
    func dash(_ index: Int) -> Markup {
        guard let chosen = chart.series[index].stroke.dash else { return options.theme.dash(series: index) }
        return #" stroke-dasharray="\#(chosen)""#
    }

    func line(_ run: [ChartPoints.Point], _ axis: ValueAxis) -> Markup {
        var path = PathText()
        path.run(run.map { (plot.x($0.time), plot.y($0.value, axis)) })
        return path.markup
    }

    /// Points that have no neighbour.
    private func dots(_ points: ChartPoints, _ axis: ValueAxis) -> Markup {
        var path = PathText()
        for run in points.runs where run.count == 1 { path.dot(plot.x(run[0].time), plot.y(run[0].value, axis)) }
        guard !path.isEmpty else { return .empty }
        return
            #"<path stroke="currentColor" stroke-width="3.5" stroke-linecap="round" fill="none" d="\#(path.markup)"/>"#
    }

    private func area(_ points: ChartPoints, above floor: ChartPoints, _ axis: ValueAxis) -> Markup {
        points.runs.enumerated().markup { index, run in
            var path = PathText()
            path.run(run.map { (plot.x($0.time), plot.y($0.value, axis)) })
            if floor.runs.isEmpty {
                path.line(plot.x(run[run.count - 1].time), plot.y(0, axis))
                path.line(plot.x(run[0].time), plot.y(0, axis))
            } else {
                for point in floor.runs[index].reversed() { path.line(plot.x(point.time), plot.y(point.value, axis)) }
            }
            return "\(path.markup)Z"
        }
    }

    /// The values that the script shows at a time: at most 400, the mean of what is left out.
    private func hoverData(_ drawn: ChartDrawing.Series) -> Markup {
        guard options.theme == .page else { return .empty }
        let series = chart.series[drawn.index]
        let grid = ChartGrid([series.window], from: chart.from, until: chart.until, cellsMax: 400)
        let values = grid.means(series.window).map { value in
            value.isFinite ? "\(DecimalText.rounded(value, significant: 5))" : ""
        }
        return """
             data-label="\(series.label)" data-unit="\(chart.unit(of: series.side).rawValue)" \
            data-values="\(values.joined(separator: ","))"
            """
    }
}

/// The commands of a path: nothing but letters and numbers gets in.
struct PathText {
    private var text = ""
    private var x = 0
    private var y = 0

    /// A path is written in tenths, each point as its distance from the one before: half as long.
    private static func tenths(_ value: Double) -> Int { Int((max(-1e6, min(1e6, value)) * 10).rounded()) }

    /// Points joined by lines.
    mutating func run(_ points: [(x: Double, y: Double)]) {
        guard let first = points.first else { return }
        move(first.x, first.y)
        for point in points.dropFirst() { line(point.x, point.y) }
    }

    mutating func move(_ newX: Double, _ newY: Double) {
        (x, y) = (Self.tenths(newX), Self.tenths(newY))
        text += "M"
        append(x)
        append(y)
    }

    mutating func line(_ newX: Double, _ newY: Double) {
        let (nextX, nextY) = (Self.tenths(newX), Self.tenths(newY))
        text += "l"
        append(nextX - x)
        append(nextY - y)
        (x, y) = (nextX, nextY)
    }

    /// A line of no length, which round ends make a dot.
    mutating func dot(_ newX: Double, _ newY: Double) {
        move(newX, newY)
        text += "h0"
    }

    mutating func rectangle(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) {
        run([(left, top), (right, top), (right, bottom), (left, bottom)])
        text += "z"
    }

    var isEmpty: Bool { text.isEmpty }

    private mutating func append(_ tenths: Int) {
        if tenths >= 0, let last = text.utf8.last, last <= UInt8(ascii: "9") { text += " " }
        if tenths < 0 { text += "-" }
        text += String(tenths.magnitude / 10)
        if tenths % 10 != 0 { text += "." + String(tenths.magnitude % 10) }
    }

    var markup: Markup { Markup(path: self, text) }
}

extension Markup {
    fileprivate init(path: PathText, _ text: String) { self.init(stringLiteral: text) }
}
