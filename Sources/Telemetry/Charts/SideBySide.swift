/// The same figure of many, each in a picture of its own, on one scale: hosts of a class, side by side. What
/// differs from the others stands out.
package struct SideBySide: Sendable {
    package struct Member: Hashable, Sendable {
        package var label: String
        package var window: SeriesWindow

        package init(_ window: SeriesWindow, label: String? = nil) {
            self.window = window
            self.label = label ?? window.name
        }
    }

    package var title: String
    package var unit: ChartUnit
    package let from: Int64
    package let until: Int64
    package let members: [Member]
    package var zone = ChartZone.utc

    package init(title: String, unit: ChartUnit, from: Int64, until: Int64, members: [Member]) {
        self.title = title
        self.unit = unit
        self.from = from
        self.until = until
        self.members = members
    }

    /// How far each member is from the others.
    package var scores: [Double] { Outliers.score(members.map(\.window), from: from, until: until) }
}

/// Draws members side by side, in their order. In each picture the median of all is a thin line.
package struct SVGSideBySide {
    /// Of more, those are drawn that differ most.
    package static let membersMax = 60

    private static let cellWidth = 150.0
    private static let cellHeight = 84.0
    private static let plotHeight = 50.0

    let all: SideBySide
    let options: SVGChart.Options
    private let frame: Chart
    private let shown: [(member: SideBySide.Member, score: Double)]
    private let axis: ValueAxis
    private let median: ChartPoints
    private let columns: Int

    package init(_ all: SideBySide, options: SVGChart.Options = SVGChart.Options()) {
        self.all = all
        self.options = options
        frame = Chart(
            title: all.title, unit: all.unit, from: all.from, until: all.until,
            series: all.members.map { ChartSeries($0.window, label: $0.label) })
        let scored = zip(all.members, all.scores).map { (member: $0, score: $1) }
        let least = scored.map(\.score).sorted(by: >).prefix(Self.membersMax).last ?? 0
        shown = Array(scored.filter { $0.score >= least }.prefix(Self.membersMax))
        columns = max(1, min(shown.count, Int((Double(options.width) - 24) / Self.cellWidth)))
        let bounds = all.members.map { SeriesSummary($0.window, from: all.from, until: all.until) }.filter {
            $0.count > 0
        }
        let found =
            bounds.isEmpty
            ? nil : (bounds.reduce(.infinity) { min($0, $1.min) }, bounds.reduce(-.infinity) { max($0, $1.max) })
        axis = ChartRange().axis(found, unit: all.unit, isFilled: true, count: 2)
        let grid = ChartGrid(all.members.map(\.window), from: frame.from, until: frame.until, cellsMax: 100)
        let means = all.members.map { grid.means($0.window) }
        let middle = grid.times.indices.map { index in
            let known = means.compactMap { $0[index].isFinite ? $0[index] : nil }
            return known.isEmpty ? Double.nan : Outliers.median(known)
        }
        median = grid.runs(middle, middle).0
    }

    package var markup: Markup {
        let rows = (shown.count + columns - 1) / columns
        let top = options.hasTitle ? 44.0 : 24
        let height = top + Double(max(1, rows)) * Self.cellHeight + 8
        let cells = shown.enumerated().markup { index, entry in
            let width = (Double(options.width) - 24) / Double(columns)
            let (x, y) = (12 + Double(index % columns) * width, top + Double(index / columns) * Self.cellHeight)
            return cell(entry.member, entry.score, x: x, y: y, width: width - 14)
        }
        return SVGChart.frame(
            width: Double(options.width), height: height, title: all.title, description: description,
            theme: options.theme, data: .empty, "\(head)\(cells)")
    }

    private func isOutlier(_ score: Double) -> Bool { score >= Outliers.threshold }

    private var head: Markup {
        let title: Markup =
            options.hasTitle
            ? """
            <text \(options.theme.paint(.ink)) fill="currentColor" x="12" y="19" font-size="13" font-weight="600">\
            \(TextWidth.fitting(all.title, size: 13, into: Double(options.width) - 24))</text>
            """ : .empty
        let (from, until) = (all.zone.local(frame.from), all.zone.local(frame.until))
        let left = all.members.count - shown.count
        let more = left > 0 ? " · \(left) that differ less are not shown" : ""
        let lower = axis.ticks.first?.label ?? ""
        let scale =
            "each \(lower) to \(axis.ticks.last?.label ?? "") · \(LocalDate(local: from).text) to \(LocalDate(local: until).text)\(more)"
        let shownScale = TextWidth.fitting(scale, size: SVGChart.fontSize, into: Double(options.width) - 24)
        return """
            \(title)<text \(options.theme.paint(.muted)) fill="currentColor" x="12" y="\(options.hasTitle ? 34 : 15)">\
            \(shownScale)</text>

            """
    }

    private func cell(_ member: SideBySide.Member, _ score: Double, x: Double, y: Double, width: Double) -> Markup {
        let points = ChartPoints(member.window, from: frame.from, until: frame.until, columns: Int(width))
        let isOutlier = isOutlier(score)
        let paint = isOutlier ? options.theme.paint(.alarm) : options.theme.paint(series: 0)
        let name = isOutlier ? options.theme.paint(.alarm) : options.theme.paint(.ink)
        let weight: Markup = isOutlier ? #" font-weight="700""# : .empty
        let summary = SeriesSummary(member.window, from: frame.from, until: frame.until)
        let value = all.unit.text(summary.mean)
        let room = width - TextWidth.of(value, size: SVGChart.fontSize) - 8
        // Never by colour alone.
        let label = isOutlier ? "▲ \(member.label)" : member.label
        return """
            <g \(name) fill="currentColor"\(weight)><title>\(member.label): mean \(value), \
            \(DecimalText.fixed(score, decimals: 1)) from the others</title>\
            <text x="\(x)" y="\(y + 14)">\(TextWidth.fitting(label, size: SVGChart.fontSize, into: room))</text>\
            <text x="\(x + width)" y="\(y + 14)" text-anchor="end">\(value)</text></g>\
            <svg x="\(x)" y="\(y + 19)" width="\(width)" height="\(Self.plotHeight + 2)" \
            viewBox="0 -1 \(width) \(Self.plotHeight + 2)">\
            <g \(options.theme.paint(.grid)) stroke="currentColor" fill="none">\
            <path d="M0 0H\(width)M0 \(Self.plotHeight)H\(width)"/></g>\
            <g \(paint)><path fill="currentColor" fill-opacity=".2" d="\(path(points, width: width, isFilled: true))"/>\
            <path fill="none" stroke="currentColor" stroke-width="\(isOutlier ? 1.8 : 1.2)" stroke-linejoin="round" \
            stroke-linecap="round" d="\(path(points, width: width, isFilled: false))"/></g>\
            <g \(options.theme.paint(.muted))><path fill="none" stroke="currentColor" stroke-dasharray="2 2" \
            d="\(path(median, width: width, isFilled: false))"/></g></svg>

            """
    }

    private func path(_ points: ChartPoints, width: Double, isFilled: Bool) -> Markup {
        func x(_ time: Double) -> Double { time / frame.seconds * width }
        func y(_ value: Double) -> Double { max(-1, min(2, 1 - axis.position(value))) * Self.plotHeight }
        return points.runs.markup { run in
            var path = PathText()
            path.run(run.map { (x($0.time), y($0.value)) })
            guard isFilled else { return path.markup }
            path.line(x(run[run.count - 1].time), y(0))
            path.line(x(run[0].time), y(0))
            return "\(path.markup)z"
        }
    }

    private var description: String {
        let out = shown.filter { isOutlier($0.score) }.prefix(8).map(\.member.label)
        let found =
            out.isEmpty ? "None differs from the others." : "Different from the others: \(out.joined(separator: ", "))."
        return "\(shown.count) of \(all.members.count) side by side. \(found)"
    }
}
