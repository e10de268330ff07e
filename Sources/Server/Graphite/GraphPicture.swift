import Telemetry

/// `/render` as a picture: Graphite's series with the styles that its functions gave them.
enum GraphPicture {
    static func svg(_ series: [GraphSeries], _ request: RenderRequest, title: String) -> Markup {
        var chart = Chart(series, title: title, from: request.from, until: request.until)
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
