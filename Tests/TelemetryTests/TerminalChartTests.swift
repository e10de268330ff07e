import Testing

@testable import Telemetry

@Suite("Charts in a terminal")
struct TerminalChartTests {
    @Test("are drawn as their golden files show them", arguments: [false, true])
    func golden(hasColor: Bool) throws {
        var text = ""
        for name in [
            "chart-line", "chart-stacked", "chart-axes", "chart-negative", "chart-ledge", "chart-empty",
            "chart-hostile",
        ] {
            guard let sample = ChartSamples.all[name] else { continue }
            text += TerminalChart(sample.chart, columns: 96, lines: 16, hasColor: hasColor).text + "\n"
        }
        try Golden.check(text, hasColor ? "terminal-color.txt" : "terminal.txt")
    }

    @Test("no line is wider than the terminal, and none can steer it", arguments: [24, 40, 80, 200])
    func width(columns: Int) {
        for sample in ChartSamples.all.values {
            let text = TerminalChart(sample.chart, columns: columns, lines: 12, hasColor: false).text
            for line in text.split(separator: "\n") {
                #expect(TerminalText.columnCount(of: String(line)) <= columns)
                #expect(!line.unicodeScalars.contains { $0.value < 32 || $0 == "\u{202E}" })
            }
        }
    }

    @Test("sparklines keep peaks and gaps")
    func sparkline() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], columns: 8) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([0, .nan, 9, 0], columns: 4) == "▁ █▁")
        #expect(Sparkline.text([1, 1, 1, 9, 1, 1], columns: 3) == "▂█▂")
        #expect(Sparkline.text([], columns: 3) == "   ")
        #expect(Sparkline.text([5], columns: 3) == "███")
        #expect(Sparkline.text([-1, 0, 1], columns: 3) == "▁▅█")
        #expect(Sparkline.text([2], columns: 1, upper: 100) == "▁")
    }
}
