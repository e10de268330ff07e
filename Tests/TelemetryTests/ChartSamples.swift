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
        "chart-page": Sample(chart: requests, options: SVGChart.Options(width: 600, theme: .page)),
        "chart-stacked": Sample(chart: stacked, isDarkToo: true),
        "chart-many": Sample(chart: many, options: SVGChart.Options(width: 900)),
        "chart-axes": Sample(chart: axes),
        "chart-negative": Sample(chart: one("change", .none, [-3, -1, 0, 2, .nan, 5, -4, -8, -2, 1])),
        "chart-constant": Sample(chart: one("constant", .bytes, [Double](repeating: 3_221_225_472, count: 60))),
        "chart-tiny": Sample(chart: one("tiny", .seconds, [1e-12, 2e-12, 4e-12, 1.5e-12, .nan, 2.5e-12])),
        "chart-huge": Sample(chart: one("huge", .bytesPerSecond, [1e15, 1.2e15, 1.9e15, 0.4e15])),
        "chart-ledge": Sample(chart: one("ledge", .none, [1e15, 1e15 + 200, 1e15 + 50, 1e15 + 125])),
        "chart-empty": Sample(chart: one("empty", .percent, [.nan, .nan])),
        "chart-hostile": Sample(chart: hostile),
        "chart-summer": Sample(chart: summer),
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

    static let stacked: Chart = {
        let modes = ["user", "system", "iowait", "steal"].enumerated().map { index, mode in
            var window = wave(
                "host.cpu.\(mode)", count: 8640, base: 22 / Double(index + 1), swing: 3 / Double(index + 1),
                seed: UInt64(index + 3))
            for hole in 4000..<4400 { window.values[hole] = .nan }
            return ChartSeries(window, label: mode, style: .stacked)
        }
        return Chart(title: "CPU of web-1", unit: .percent, from: start, until: start + 86400, series: modes)
    }()

    static let many = Chart(
        title: "Load of 60 hosts", from: start, until: start + 3600,
        series: (0..<60).map { index in
            ChartSeries(
                wave("host.load.1;host=web-\(index)", base: 2 + Double(index % 7), swing: 0.4, seed: UInt64(index + 1)))
        })

    /// Two axes, a band, and a week.
    static let axes: Chart = {
        let week: Int64 = 7 * 86400
        let latency = wave("p50", count: 2016, step: 300, base: 42, swing: 4, seed: 5)
        var (low, high) = (latency, latency)
        for index in latency.values.indices {
            low.values[index] -= 12
            high.values[index] += 30 + Double(index % 9)
        }
        let memory = wave("memory", count: 2016, step: 300, base: 900_000_000, swing: 40_000_000, seed: 6)
        var chart = Chart(
            title: "Latency and memory", unit: .milliseconds, from: start, until: start + week,
            series: [ChartSeries(latency), ChartSeries(memory, side: .right)])
        chart.bands = [ChartBand(lower: low, upper: high, series: 0)]
        chart.secondUnit = .bytes
        return chart
    }()

    static func one(_ title: String, _ unit: ChartUnit, _ values: [Double]) -> Chart {
        let window = SeriesWindow(name: title, start: start, step: 60, values: values)
        return Chart(
            title: title, unit: unit, from: start, until: start + 60 * Int64(values.count),
            series: [ChartSeries(window)])
    }

    static let hostileName =
        "\"><script>alert(1)</script>&'\u{202E}\u{1B}[31m\u{0}\n]]>{{x}}" + String(repeating: "長", count: 90)

    static let hostile: Chart = {
        var chart = Chart(
            title: hostileName, unit: .none, from: start, until: start + 600,
            series: [
                ChartSeries(
                    SeriesWindow(
                        name: hostileName, start: start, step: 60,
                        values: [.infinity, 1, -.infinity, 2, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 3]))
            ])
        chart.marks = [ChartMark(time: start + 120, label: hostileName)]
        chart.zone = ChartZone(name: hostileName) { _ in 0 }
        return chart
    }()

    /// Central Europe, where clocks go from 02:00 to 03:00 on 2026-03-29.
    static let centralEurope = ChartZone(name: "Europe/Berlin") { $0 >= 1_774_746_000 ? 7200 : 3600 }

    static let summer: Chart = {
        let midnight: Int64 = 1_774_738_800
        let values = wave("orders", count: 288, step: 300, base: 100, swing: 12).values
        let window = SeriesWindow(name: "orders", start: midnight, step: 300, values: values)
        var chart = Chart(
            title: "The night that clocks go forward", from: midnight, until: midnight + 8 * 3600,
            series: [ChartSeries(window)])
        chart.zone = centralEurope
        return chart
    }()

    static let latencies = HeatMap(
        title: "Latency of shop", unit: .seconds, from: start, until: start + 3600,
        buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, .infinity].enumerated().map { index, upper in
            var window = wave(
                "le", base: 400 / Double(1 + (index - 3) * (index - 3)), swing: 20 / Double(1 + abs(index - 3)),
                seed: UInt64(index + 1))
            for (position, value) in window.values.enumerated() {
                window.values[position] = index > 7 && position < 220 ? 0 : max(0, value)
                if (100..<110).contains(position) { window.values[position] = .nan }
            }
            return HeatMap.Bucket(upper: upper, counts: window)
        })

    static let lostPackets = SideBySide(
        title: "Packets lost, hosts of class web", unit: .perSecond, from: start, until: start + 3600,
        members: (1...14).map { index in
            var window = wave("web-\(index)", base: 0.4, swing: 0.2, seed: UInt64(index))
            for position in window.values.indices {
                window.values[position] = max(0, window.values[position])
                if index == 9, position > 200 { window.values[position] += 14 }
                if index == 4, (50..<90).contains(position) { window.values[position] = .nan }
            }
            return SideBySide.Member(window)
        })
}
