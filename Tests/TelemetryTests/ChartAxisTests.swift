import Testing

@testable import Telemetry

@Suite("Axes of charts")
struct ChartAxisTests {
    @Test(
        "ticks fall on round values in the unit's own steps",
        arguments: [
            (0, 97, ChartUnit.percent, "0% 20% 40% 60% 80% 100%"),
            (0, 1_423, .perSecond, "0 0.5 k/s 1.0 k/s 1.5 k/s"),
            (0, 3_000_000_000, .bytes, "0 1 GiB 2 GiB 3 GiB"),
            (0, 700, .bytes, "0 256 B 512 B 768 B"),
            (0, 180, .seconds, "0 1 min 2 min 3 min"),
            (0, 0.043, .seconds, "0 10 ms 20 ms 30 ms 40 ms 50 ms"),
            (0, 40, .milliseconds, "0 10 ms 20 ms 30 ms 40 ms"),
            (0, 90_000, .milliseconds, "0 30 s 60 s 90 s"),
            (0, 0.97, .ratio, "0% 20% 40% 60% 80% 100%"),
            (-8, 5, .none, "-10 -5 0 5"),
            (0, 4e-12, .none, "0 1 p 2 p 3 p 4 p"),
            (0, 1.9e15, .none, "0 0.5 P 1.0 P 1.5 P 2.0 P"),
        ])
    func values(low: Double, high: Double, unit: ChartUnit, labels: String) {
        let axis = ValueAxis(low: low, high: high, unit: unit, count: 4)
        let shown = axis.ticks.map { $0.label.replacing("\u{A0}", with: " ") }.joined(separator: " ")
        #expect(shown == labels)
    }

    @Test("figures read to three digits, in their unit")
    func figures() {
        let texts = [
            ChartUnit.bytes.text(1536), ChartUnit.seconds.text(0.0321), ChartUnit.milliseconds.text(61_000),
            ChartUnit.none.text(999_999), ChartUnit.percent.text(12.345), ChartUnit.none.text(.nan),
            ChartUnit.none.text(-0.0004), ChartUnit.bitsPerSecond.text(1e9), ChartUnit.seconds.text(200_000),
            ChartUnit.none.text(1e30), ChartUnit.none.text(Double.leastNonzeroMagnitude),
        ]
        #expect(
            texts.map { $0.replacing("\u{A0}", with: " ") } == [
                "1.5 KiB", "32.1 ms", "61 s", "1 M", "12.3%", "–", "-400 µ", "1 Gbit/s", "2.31 d", "1e12 E",
                "0",
            ])
    }

    @Test("times fall on round local times, also in the night that clocks are changed")
    func times() {
        let chart = ChartSamples.summer
        let labels = TimeAxis(from: chart.from, until: chart.until, zone: chart.zone, countMax: 9).ticks
        // There is no 02:00 in that night.
        #expect(
            labels.map(\.label) == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00", "08:00", "09:00"])
        #expect(labels[0].context == "29 Mar")
        // 2026-10-25: clocks go from 03:00 back to 02:00, at 01:00 UTC.
        let autumn = ChartZone(name: "Europe/Berlin") { $0 >= 1_792_890_000 ? 3600 : 7200 }
        let night = TimeAxis(from: 1_792_879_200, until: 1_792_900_800, zone: autumn, countMax: 8).ticks
        #expect(night.map(\.label) == ["00:00", "01:00", "02:00", "03:00", "04:00", "05:00"])
        #expect(night.map { ($0.time - 1_792_879_200) / 3600 } == [0, 1, 2, 4, 5, 6])
    }

    @Test(
        "from seconds to centuries, ticks are few and ordered",
        arguments: [1, 7, 60, 600, 3600, 21600, 86400, 604_800, 2_592_000, 31_536_000, 315_360_000, 1 << 39])
    func spans(seconds: Int64) {
        for begin: Int64 in [0, -123_456_789, 1_772_438_417] {
            let ticks = TimeAxis(from: begin, until: begin + seconds, zone: ChartSamples.centralEurope, countMax: 12)
                .ticks
            #expect(ticks.count <= 20)
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.time < $1.time })
            #expect(ticks.allSatisfy { $0.time >= begin && $0.time <= begin + seconds })
        }
    }

    @Test("dates are those of the calendar")
    func dates() {
        for (time, text) in [
            (0, "1970-01-01 00:00"), (951_782_400, "2000-02-29 00:00"), (-1, "1969-12-31 23:59:59"),
            (1_772_438_400, "2026-03-02 08:00"),
        ] as [(Int64, String)] {
            #expect(LocalDate(local: time).text == text)
        }
        #expect(LocalDate(local: 1_772_438_400).weekday == "Mon")
        for day in stride(from: Int64(-800_000), to: 800_000, by: 997) {
            let date = LocalDate(local: day * 86400)
            #expect(LocalDate.local(year: date.year, month: date.month, day: date.day) == day * 86400)
        }
    }
}

@Suite("Who stands out")
struct OutliersTests {
    @Test("the host that loses packets stands out, alone")
    func lostPackets() {
        let scores = ChartSamples.lostPackets.scores
        #expect(scores.enumerated().filter { $0.element >= Outliers.threshold }.map(\.offset) == [8])
    }

    @Test("hosts alike, hosts equal, and too few hosts: none stands out")
    func none() {
        for seed in 1..<30 {
            let windows = (0..<8).map {
                ChartSamples.wave("h\($0)", base: 50, swing: 5, seed: UInt64(seed * 100 + $0))
            }
            let scores = Outliers.score(windows, from: ChartSamples.start, until: ChartSamples.start + 3600)
            #expect(scores.filter { $0 >= Outliers.threshold }.count <= 1)
        }
        let flat = SeriesWindow(
            name: "x", start: ChartSamples.start, step: 10, values: [Double](repeating: 7, count: 9))
        let until = ChartSamples.start + 90
        #expect(Outliers.score([flat, flat, flat], from: ChartSamples.start, until: until) == [0, 0, 0])
        #expect(Outliers.score([flat, flat], from: ChartSamples.start, until: until) == [0, 0])
        var gone = flat
        gone.values = gone.values.map { _ in .nan }
        #expect(Outliers.score([flat, gone, flat, flat], from: ChartSamples.start, until: until) == [0, 0, 0, 0])
    }

    @Test("one that fails among many that never do stands out")
    func rare() {
        var windows = (0..<10).map {
            SeriesWindow(name: "h\($0)", start: ChartSamples.start, step: 10, values: [Double](repeating: 0, count: 60))
        }
        windows[3].values.replaceSubrange(40..., with: [Double](repeating: 2, count: 20))
        let scores = Outliers.score(windows, from: ChartSamples.start, until: ChartSamples.start + 600)
        #expect(scores[3] > Outliers.threshold && scores.filter { $0 > 1 }.count == 1)
    }
}
