import Foundation
import FoundationXML
import Testing

@testable import Telemetry

@Suite("Charts as SVG")
struct SVGChartTests {
    @Test("charts are drawn as their golden files show them", arguments: ChartSamples.all.keys.sorted())
    func golden(name: String) throws {
        let sample = try #require(ChartSamples.all[name])
        let markup = SVGChart(sample.chart, options: sample.options).markup
        try Golden.check(markup.text + "\n", "\(name).svg")
        if sample.isDarkToo {
            var options = sample.options
            options.theme = .dark
            try Golden.check(SVGChart(sample.chart, options: options).markup.text + "\n", "\(name)-dark.svg")
        }
    }

    @Test("heat maps, and hosts side by side", arguments: [ChartTheme.light, .dark])
    func others(theme: ChartTheme) throws {
        let options = SVGChart.Options(theme: theme)
        try Golden.check(
            SVGHeatMap(ChartSamples.latencies, options: options).markup.text + "\n", "heat-\(theme.rawValue).svg")
        try Golden.check(
            SVGNumber(ChartSamples.requests, options: SVGChart.Options(width: 300, height: 160, theme: theme)).markup
                .text + "\n",
            "number-\(theme.rawValue).svg")
        try Golden.check(
            SVGSideBySide(ChartSamples.lostPackets, options: options).markup.text + "\n",
            "side-by-side-\(theme.rawValue).svg")
    }

    @Test("every picture is well-formed XML, whatever the names are", arguments: ChartTheme.allCases)
    func wellFormed(theme: ChartTheme) throws {
        let options = SVGChart.Options(width: 420, height: 200, theme: theme)
        var pictures = ChartSamples.all.values.map { SVGChart($0.chart, options: options).markup }
        let hostile = ChartSamples.hostile
        pictures.append(ChartText.table(hostile))
        let windows = hostile.series.map(\.window)
        for kind in Dashboard.Panel.Kind.allCases {
            let panel = Dashboard.Panel(title: ChartSamples.hostileName, kind: kind, targets: [])
            var all = windows.map { Self.graph($0) }
            var bucket = windows[0]
            bucket.name = "x;le=1e999"
            all.append(Self.graph(bucket))
            pictures.append(
                panel.picture(
                    all, second: windows.map { Self.graph($0) }, from: hostile.from, until: hostile.until,
                    marks: hostile.marks,
                    options: options))
        }
        for picture in pictures {
            let parser = XMLParser(data: Data(picture.text.utf8))
            let elements = Elements()
            parser.delegate = elements
            #expect(parser.parse(), "\(parser.parserError.debugDescription)")
            #expect(!elements.names.contains("script"))
            #expect(!picture.text.contains("nan") && !picture.text.contains("inf"))
        }
    }

    private final class Elements: NSObject, XMLParserDelegate {
        var names: Set<String> = []
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String]
        ) { names.insert(name) }
    }

    @Test("a million points make a picture that a mail can carry, and no peak is lost")
    func large() {
        var values = [Double](repeating: 1, count: 1_000_000)
        values[777_777] = 900
        values[333_333] = -900
        let window = SeriesWindow(name: "x", start: ChartSamples.start, step: 1, values: values)
        let chart = Chart(
            title: "x", from: window.start, until: window.end,
            series: [ChartSeries](repeating: ChartSeries(window), count: 40))
        let drawing = ChartDrawing(chart, width: 800, ticks: 5)
        #expect(drawing.series[0].points.bounds.map { [$0.low, $0.high] } == [-900, 900])
        #expect(SVGChart(chart).markup.text.utf8.count < 400_000)
    }

    @Test("what Graphite's functions say of drawing is done, and no colour carries markup")
    func graph() {
        var line = GraphSeries(name: "a", start: 0, end: 60, step: 10, values: [1, 2, 3, 4, 5, 6])
        line.style.color = "ff0080"
        line.style.isOnSecondAxis = true
        var events = GraphSeries(name: "deploy", start: 0, end: 60, step: 10, values: [0, .nan, 1, 0, 0, 0])
        events.style.isDrawnAsInfinite = true
        var hidden = line
        hidden.style.isInvisible = true
        var chart = Chart([line, events, hidden], title: "x", from: 0, until: 60)
        #expect(chart.series.map(\.side) == [.right] && chart.marks == [ChartMark(time: 20, label: "deploy")])
        chart.zone = ChartZone(.utc)
        #expect(SVGChart(chart).markup.text.contains("rgb(255,0,128)"))
        #expect(ChartColor("Gold") != nil && ChartColor("#00112233") != nil)
        for text in ["", "\" onload=\"x", "12345", "1234567", "+12345", "url(x)", "fffffg"] {
            #expect(ChartColor(text) == nil)
        }
    }

    /// A window as a target gives it.
    private static func graph(_ window: SeriesWindow) -> GraphSeries {
        GraphSeries(
            name: window.name, start: window.start, end: window.start &+ window.step &* Int64(window.values.count),
            step: window.step, values: window.values)
    }

    @Test("lines are as Graphite's functions want them, and areas are between what they are between")
    func styles() {
        func series(_ name: String, _ value: Double, _ change: (inout GraphStyle) -> Void) -> GraphSeries {
            var one = GraphSeries(
                name: name, start: 0, end: 60, step: 10, values: [value, value, .nan, value, value, value])
            change(&one.style)
            return one
        }
        let dashed = series("dashed", 1) {
            $0.dashed = 7
            $0.lineWidth = 4
            $0.alpha = 0.25
        }
        let chart = Chart([dashed], title: "", from: 0, until: 60)
        let text = SVGChart(chart).markup.text
        #expect(text.contains(#"stroke-width="4""#) && text.contains(#"stroke-dasharray="7""#))
        #expect(text.contains(#"stroke-opacity="0.25""#))
        let hostile = ChartStroke(width: .infinity, dash: -5, opacity: .nan)
        #expect(hostile == ChartStroke(width: 20, dash: 1))

        let lower = series("low", 2) { ($0.isInvisible, $0.isStacked) = (true, true) }
        let upper = series("high", 5) { $0.isStacked = true }
        let between = Chart([lower, upper], title: "", from: 0, until: 60)
        #expect(between.series.map(\.label) == ["high"] && between.series.map(\.style) == [.line])
        #expect(between.bands.map(\.lower.values[0]) == [2] && between.bands.map(\.upper.values[0]) == [5])

        let stack = (1...3).map { series("s\($0)", Double($0)) { $0.isStacked = true } }
        let stacked = Chart(stack, title: "", from: 0, until: 60)
        #expect(stacked.series.map(\.style) == [.area, .line, .line])
        #expect(stacked.bands.map(\.series) == [1, 2] && stacked.bands.map(\.lower.values[0]) == [1, 2])
    }

    @Test("a unit that people write is one that charts have, and every unit can be written")
    func units() {
        for unit in ChartUnit.allCases { #expect(ChartUnit(written: unit.written) == unit) }
        #expect(ChartUnit(written: "/s") == .perSecond && ChartUnit(written: "bytes/s") == .bytesPerSecond)
        #expect(ChartUnit(written: "per fortnight") == nil)
    }

    @Test("spans and sizes that nobody means are drawn without a trap")
    func absurd() {
        let window = SeriesWindow(name: "x", start: .max - 10, step: .max, values: [1, 2])
        for (from, until) in [(Int64.min, Int64.max), (0, 0), (5, -5), (.max, .min)] {
            var chart = Chart(title: "", from: from, until: until, series: [ChartSeries(window, style: .stacked)])
            chart.range = ChartRange(lower: .nan, upper: -.infinity)
            chart.bands = [ChartBand(lower: window, upper: window, series: 9)]
            _ = SVGChart(chart, options: SVGChart.Options(width: -1, height: .max)).markup
            _ = TerminalChart(chart, columns: -1, lines: -1, hasColor: true).text
        }
        for (lower, upper) in [(5.0, 5.0), (9, 1), (-1e308, 1e308), (0, Double.leastNonzeroMagnitude)] {
            var chart = ChartSamples.requests
            chart.range = ChartRange(lower: lower, upper: upper)
            _ = SVGChart(chart).markup
        }
    }
}

@Suite("Colours of charts")
struct ChartPaletteTests {
    /// Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of Color Vision Deficiency"
    /// (2009), severity 1: protanopia, deuteranopia, tritanopia.
    private static let deficiencies: [String: [Double]] = [
        "none": [1, 0, 0, 0, 1, 0, 0, 0, 1],
        "protan": [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        "deutan": [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
        "tritan": [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
    ]

    @Test("series can be told apart by everybody, and from the paper", arguments: [false, true])
    func apart(isDark: Bool) throws {
        let colors = (isDark ? ChartPalette.darkSeries : ChartPalette.lightSeries).map(linear)
        let paper = linear(try #require((isDark ? ChartPalette.dark : ChartPalette.light)[.paper]))
        for (name, matrix) in Self.deficiencies {
            let seen = colors.map { color in
                lab((0..<3).map { row in max(0, min(1, (0..<3).reduce(0) { $0 + matrix[row * 3 + $1] * color[$1] })) })
            }
            for first in seen.indices {
                for second in seen.indices where second < first {
                    let distance = zip(seen[first], seen[second]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                    #expect(distance.squareRoot() > 10, "\(name): c\(first) and c\(second)")
                }
            }
        }
        for color in colors {
            let (low, high) = (min(luminance(color), luminance(paper)), max(luminance(color), luminance(paper)))
            #expect((high + 0.05) / (low + 0.05) >= 3)
        }
    }

    private func linear(_ hex: String) -> [Double] {
        [1, 3, 5].map { offset in
            let digits = hex.dropFirst(offset).prefix(2)
            let value = Double(Int(digits, radix: 16) ?? 0) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
    }

    private func luminance(_ color: [Double]) -> Double { 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2] }

    private func lab(_ color: [Double]) -> [Double] {
        let x = (0.4124 * color[0] + 0.3576 * color[1] + 0.1805 * color[2]) / 0.95047
        let z = (0.0193 * color[0] + 0.1192 * color[1] + 0.9505 * color[2]) / 1.08883
        let f = [x, luminance(color), z].map { $0 > 0.008856 ? cbrt($0) : 7.787 * $0 + 16.0 / 116 }
        return [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
    }
}
