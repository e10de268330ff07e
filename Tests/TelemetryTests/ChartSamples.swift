@testable import Telemetry

/// Charts that are looked at: of many shapes, and of hostile ones.
enum ChartSamples {
    struct Sample {
        var chart: Chart
        var options = SVGChart.Options()
        var isDarkToo = false
    }

    /// Monday, 2026-03-02 08:00 UTC.
    static let start: Int64 = 1_772_438_400

    static let all: [String: Sample] = [
        "chart-line": Sample(chart: requests, isDarkToo: true),
        "chart-narrow": Sample(chart: requests, options: SVGChart.Options(width: 320, height: 180)),
    ]

    /// A curve as of a day's work, the same at every run.
    static func wave(
        _ name: String, count: Int = 360, step: Int64 = 10, base: Double, swing: Double, seed: UInt64 = 1
    ) -> SeriesWindow {
        var random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        var walk = 0.0
        let values = (0..<count).map { _ in
            random ^= random << 13
            random ^= random >> 7
            random ^= random << 17
            walk = walk * 0.95 + (Double(random >> 11) / Double(1 << 53) - 0.5)
            return base + swing * walk
        }
        return SeriesWindow(name: name, start: start, step: step, values: values)
    }

    static let requests: Chart = {
        var first = wave("shop.web.requests", base: 1200, swing: 180)
        for index in 150..<180 { first.values[index] = .nan }
        for index in 300..<310 where index != 304 { first.values[index] = .nan }
        let second = wave("shop.api.requests", base: 700, swing: 90, seed: 7)
        var chart = Chart(
            title: "Requests", unit: .perSecond, from: start, until: start + 3600,
            series: [ChartSeries(first, style: .area), ChartSeries(second)])
        chart.marks = [
            ChartMark(time: start + 1130, label: "shop r12"),
            ChartMark(time: start + 2700, label: "shop r13 failed", isAlarming: true),
            ChartMark(time: start + 2705, label: "shop r12"),
        ]
        return chart
    }()
}
