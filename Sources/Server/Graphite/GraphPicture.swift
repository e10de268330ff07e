import Telemetry

/// `/render` as a picture: Graphite's series with the styles that its functions gave them.
enum GraphPicture {
    static func svg(_ series: [GraphSeries], _ request: RenderRequest, title: String) -> Markup {
        let shown = series.filter { !$0.style.isInvisible }
        var chart = Chart(title: title, from: request.from, until: request.until)
        chart.series = shown.map { one in
            ChartSeries(
                one.window, style: one.style.isStacked ? .area : .line,
                side: one.style.isOnSecondAxis ? .right : .left)
        }
        chart.zone = ChartZone(request.zone)
        let options = SVGChart.Options(width: request.width, height: request.height, theme: .light)
        return SVGChart(chart, options: options).markup
    }
}

extension ChartZone {
    init(_ zone: TimeZoneRules) {
        self.init(name: zone.name) { zone.offset(at: $0) }
    }
}
