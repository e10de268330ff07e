import Testing

@testable import Telemetry

@Suite("Charts as SVG")
struct SVGChartTests {
    @Test("charts are drawn as their golden files show them", arguments: ChartSamples.all.keys.sorted())
    func golden(name: String) throws {
        let sample = try #require(ChartSamples.all[name])
        for theme in [ChartTheme.adaptive, .dark] where theme == .adaptive || sample.isDarkToo {
            var options = sample.options
            options.theme = theme
            let markup = SVGChart(sample.chart, options: options).markup
            try Golden.check(markup.text + "\n", "\(name)\(theme == .dark ? "-dark" : "").svg")
        }
    }
}
