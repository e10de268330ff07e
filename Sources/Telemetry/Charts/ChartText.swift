/// A chart in words and as a table: for those who do not see it.
package enum ChartText {
    private static let rowsMax = 200
    private static let sentencesMax = 8

    /// One or two sentences a series.
    static func summary(_ chart: Chart) -> String {
        let (from, until) = (chart.zone.local(chart.from), chart.zone.local(chart.until))
        var text = "From \(LocalDate(local: from).text) to \(LocalDate(local: until).text) (\(chart.zone.name))."
        for series in chart.series.prefix(sentencesMax) {
            let unit = chart.unit(of: series.side)
            let summary = SeriesSummary(series.window, from: chart.from, until: chart.until)
            guard summary.count > 0 else {
                text += " \(series.label): no data."
                continue
            }
            text += " \(series.label): last \(unit.text(summary.last)), from \(unit.text(summary.min)) to "
            text += "\(unit.text(summary.max)), mean \(unit.text(summary.mean))."
        }
        if chart.series.count > sentencesMax { text += " And \(chart.series.count - sentencesMax) more series." }
        return text
    }

    /// A table of HTML with a row for each series, which pages hide from those who see the picture.
    package static func table(_ chart: Chart) -> Markup {
        let rows = chart.series.prefix(rowsMax).markup { series in
            let unit = chart.unit(of: series.side)
            let summary = SeriesSummary(series.window, from: chart.from, until: chart.until)
            return """
                <tr><th scope="row">\(series.label)</th><td>\(unit.text(summary.last))</td>\
                <td>\(unit.text(summary.min))</td><td>\(unit.text(summary.max))</td><td>\(unit.text(summary.mean))</td></tr>

                """
        }
        return """
            <table class="sr"><caption>\(chart.title)</caption>
            <thead><tr><th scope="col">series</th><th scope="col">last</th><th scope="col">min</th>\
            <th scope="col">max</th><th scope="col">mean</th></tr></thead>
            <tbody>
            \(rows)</tbody></table>
            """
    }
}
