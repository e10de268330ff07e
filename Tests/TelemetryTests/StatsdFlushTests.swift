import Synchronization
import Testing

@testable import Telemetry

@Suite("statsd's flush")
struct StatsdFlushTests {
    @Test("a timer's figures, as statsd publishes them")
    func timer() throws {
        var settings = StatsdSettings()
        settings.percentiles = [90, 80, -80, 99.9]
        let points = try StatsdHarness.points(
            of: "a:450|ms\na:120|ms\na:553|ms\na:994|ms\na:334|ms\na:844|ms\na:675|ms\na:496|ms", settings: settings)
        let values = [120.0, 334, 450, 496, 553, 675, 844, 994]
        let mean = values.reduce(0, +) / 8
        let expected: [String: Double] = [
            "count": 8, "count_ps": 0.8, "sum": 4466, "mean": mean, "median": 524.5, "upper": 994, "lower": 120,
            "sum_squares": values.reduce(0) { $0 + $1 * $1 },
            "std": (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 8).squareRoot(),
            "count_90": 7, "upper_90": 844, "sum_90": 3472, "mean_90": 496,
            "count_80": 6, "upper_80": 675, "sum_80": 2628, "mean_80": 438,
            "count_top80": 6, "lower_top80": 450, "sum_top80": 4012, "mean_top80": 4012.0 / 6,
            "count_99_9": 8, "upper_99_9": 994,
        ]
        for (name, value) in expected {
            let found = points["stats.timers.a.\(name)"] ?? .nan
            #expect(abs(found - value) < 1e-9, "\(name): \(found), not \(value)")
        }
    }

    @Test("a percent too small for any value is left out, and a single value is in all")
    func fewValues() throws {
        var settings = StatsdSettings()
        settings.percentiles = [10, -10]
        var points = try StatsdHarness.points(of: "a:1|ms\na:2|ms", settings: settings)
        #expect(points["stats.timers.a.upper_10"] == nil)
        points = try StatsdHarness.points(of: "a:7|ms", settings: settings)
        #expect(points["stats.timers.a.upper_10"] == 7)
        #expect(points["stats.timers.a.lower_top10"] == 7)
        #expect(points["stats.timers.a.std"] == 0)
    }

    @Test("bins: the first that matches a name, limits excluded, infinity for the rest")
    func bins() throws {
        var settings = StatsdSettings()
        settings.histograms = [
            StatsdBins(metric: "a", limits: [1, 5, 10.5, .infinity]), StatsdBins(metric: "", limits: [2]),
        ]
        let points = try StatsdHarness.points(of: "xa:0:1:4:5:10.5:99|ms\nb:1:2:3|ms", settings: settings)
        #expect(points["stats.timers.xa.histogram.bin_1"] == 1)
        #expect(points["stats.timers.xa.histogram.bin_5"] == 2)
        #expect(points["stats.timers.xa.histogram.bin_10_5"] == 1)
        #expect(points["stats.timers.xa.histogram.bin_inf"] == 2)
        #expect(points["stats.timers.b.histogram.bin_2"] == 1)
    }

    @Test("names as before statsd 0.3, prefixes and suffixes")
    func names() throws {
        var settings = StatsdSettings()
        settings.names.isLegacy = true
        var points = try StatsdHarness.points(of: "a:20|c\nb:1|ms\nc:1|g\nd:x|s", settings: settings)
        #expect(points["stats.a"] == 2)
        #expect(points["stats_counts.a"] == 20)
        #expect(points["stats.timers.b.upper"] == 1)
        #expect(points["stats.gauges.c"] == 1)
        #expect(points["stats.sets.d.count"] == 1)
        settings.names = StatsdNames()
        settings.names.global = ""
        settings.names.counters = "n"
        settings.names.suffix = "eu"
        settings.names.keepsCounts = false
        points = try StatsdHarness.points(of: "a:20|c|#k:v", settings: settings)
        #expect(points == ["n.a.rate.eu;k=v": 2])
    }

    @Test("idle series expire as they are told to; gauges remember")
    func idle() throws {
        var settings = StatsdSettings()
        settings.idle.counters = .expire(intervals: 1)
        settings.idle.gauges = .expire(intervals: 2)
        settings.idle.sets = .keep
        let harness = StatsdHarness(settings: settings)
        harness.receive("c:5|c\ng:5|g\nt:5|ms\ns:5|s")
        #expect(try harness.flush(at: 10)["stats.counters.c.count"] == 5)
        harness.receive("g:+1|g")
        var points = try harness.flush(at: 20)
        #expect(points["stats.counters.c.count"] == 0)
        #expect(points["stats.gauges.g"] == 6)
        #expect(points["stats.timers.t.count"] == nil)
        #expect(points["stats.sets.s.count"] == 0)
        points = try harness.flush(at: 30)
        #expect(points["stats.counters.c.count"] == nil)
        #expect(points["stats.gauges.g"] == 6)
        #expect(try harness.flush(at: 40)["stats.gauges.g"] == 6)
        #expect(try harness.flush(at: 50)["stats.gauges.g"] == nil)
        harness.receive("g:-1|g")
        #expect(try harness.flush(at: 60)["stats.gauges.g"] == -1)
    }

    @Test("a million names are capped and counted, and what was there goes on")
    func flood() throws {
        var limits = StatsdLimits()
        limits.keysMax = 1000
        let harness = StatsdHarness(limits: limits, seriesMax: 600)
        harness.receive("mine:1|c")
        for thousand in 0..<1000 {
            harness.receive((0..<1000).map { "k\(thousand * 1000 + $0):1|c" }.joined(separator: "\n"))
        }
        harness.receive("mine:1|c")
        #expect(harness.tally.counts.valuesBeyondKeys == 999_001)
        #expect(try harness.flush()["stats.counters.mine.count"] == 2)
        #expect(harness.aggregator.seriesRefused > 1000)
        #expect(harness.sink.state.withLock { $0.names.count } == 600)
    }

    @Test("a timer beyond its bound is a histogram, within its stated error")
    func histogram() throws {
        var limits = StatsdLimits()
        limits.exactValuesMax = 100
        let few = StatsdHarness(limits: limits)
        let all = StatsdHarness()
        var random = SplitMix(seed: 5)
        for _ in 0..<20_000 {
            let line = "t:\(Double(random.next() % 1_000_000) / 100)|ms"
            few.receive(line)
            all.receive(line)
        }
        let (rough, exact) = (try few.flush(), try all.flush())
        #expect(rough.count == exact.count)
        for (name, value) in exact {
            let isExact = ["count", "sum", "sum_squares", "mean", "upper", "lower"].contains {
                name.hasSuffix(".\($0)")
            }
            let error = abs((rough[name] ?? .nan) - value) / max(value, 1)
            #expect(error <= (isExact ? 1e-9 : name.contains("squares") ? 0.008 : 0.004), "\(name)")
        }
    }

    @Test("memory for values is bounded: timers become histograms, and nothing fails")
    func memory() throws {
        var limits = StatsdLimits()
        limits.valueBytesMax = 1 << 20
        limits.tableBytesMax = 2 << 20
        let harness = StatsdHarness(limits: limits)
        for number in 0..<300_000 { harness.receive("t\(number % 2000):\(number)|ms\ns:\(number)|s") }
        #expect(harness.tally.counts.valuesLost > 0)
        let points = try harness.flush()
        #expect(points["stats.timers.t0.count"] == 150)
        harness.receive("t0:5|ms")
        #expect(try harness.flush()["stats.timers.t0.upper"] == 5)
    }
}

/// Random numbers from a seed. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
