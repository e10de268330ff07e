/// A page of charts: what the ready-made pages and those in a configuration repository both become.
package struct Dashboard: Hashable, Sendable {
    /// How many panels a page may have: each is a query.
    package static let panelsMax = 1200
    /// The columns of a row, which panels share.
    package static let columns = 12

    package struct Row: Hashable, Sendable {
        package var title: String
        package var panels: [Panel]

        package init(title: String = "", panels: [Panel]) {
            self.title = title
            self.panels = panels
        }
    }

    package struct Panel: Hashable, Sendable {
        package enum Kind: String, CaseIterable, Hashable, Sendable {
            case line, area, stacked
            /// The targets are buckets with the tag `le`.
            case heatmap
            /// The last value, large, with what it was before.
            case number
            /// A small chart for each series, side by side on one scale.
            case hosts
        }

        package var title: String
        package var kind: Kind
        /// Expressions of Graphite.
        package var targets: [String]
        package var unit: ChartUnit
        /// Expressions for the axis on the right, with a unit of their own.
        package var secondTargets: [String]
        package var secondUnit: ChartUnit
        package var range: ChartRange
        /// How many of a row's twelve columns it takes.
        package var width: Int

        package init(
            title: String, kind: Kind = .line, targets: [String], unit: ChartUnit = .none,
            secondTargets: [String] = [], secondUnit: ChartUnit = .none, range: ChartRange = ChartRange(),
            width: Int = 6
        ) {
            self.title = title
            self.kind = kind
            self.targets = targets
            self.unit = unit
            self.secondTargets = secondTargets
            self.secondUnit = secondUnit
            self.range = range
            self.width = max(1, min(Dashboard.columns, width))
        }

        /// The panel's picture, of what its targets gave: lines as Graphite's functions want them.
        package func picture(
            _ graph: [GraphSeries], second: [GraphSeries] = [], from: Int64, until: Int64,
            marks: [ChartMark] = [], zone: ChartZone = .utc, options: SVGChart.Options = SVGChart.Options()
        ) -> Markup {
            let windows = graph.filter { !$0.style.isInvisible }.map(\.window)
            switch kind {
            case .line, .area, .stacked:
                let style: ChartSeries.Style = kind == .line ? .line : kind == .area ? .area : .stacked
                var chart = Chart(title: title, unit: unit, from: from, until: until)
                chart.add(graph, style: style)
                chart.add(second, side: .right)
                chart.secondUnit = secondTargets.isEmpty ? unit : secondUnit
                chart.range = range
                chart.marks += marks
                chart.zone = zone
                return SVGChart(chart, options: options).markup
            case .heatmap:
                var map = HeatMap(cumulative: windows, title: title, unit: unit, from: from, until: until)
                map.marks = marks
                map.zone = zone
                return SVGHeatMap(map, options: options).markup
            case .number:
                let window = windows.first ?? SeriesWindow(name: "", start: from, step: 1, values: [])
                var chart = Chart(title: title, unit: unit, from: from, until: until, series: [ChartSeries(window)])
                chart.zone = zone
                return SVGNumber(chart, options: options).markup
            case .hosts:
                var all = SideBySide(
                    title: title, unit: unit, from: from, until: until, members: windows.map { SideBySide.Member($0) })
                all.zone = zone
                return SVGSideBySide(all, options: options).markup
            }
        }
    }

    /// Of the page's address.
    package var name: String
    package var title: String
    package var rows: [Row]

    package init(name: String, title: String, rows: [Row]) {
        self.name = name
        self.title = title
        self.rows = rows
    }
}
