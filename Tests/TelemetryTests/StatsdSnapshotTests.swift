import Testing

@testable import Telemetry

@Suite("statsd's snapshots")
struct StatsdSnapshotTests {
    private func tally(_ text: String, start: Int64 = 0, clock: Int64 = 0, limits: StatsdLimits = StatsdLimits())
        -> StatsdTally
    {
        let tally = StatsdTally(limits: limits, seed: 3)
        tally.start = start
        tally.setClock(clock)
        Array(text.utf8).withUnsafeBytes { tally.receive($0) }
        return tally
    }

    private func points(_ snapshots: [StatsdSnapshot], limits: StatsdLimits = StatsdLimits()) throws -> [String: Double]
    {
        let harness = StatsdHarness(limits: limits)
        for snapshot in snapshots {
            _ = try harness.aggregator.merge(try StatsdSnapshot(decoding: snapshot.encoded()))
        }
        return try harness.flush()
    }

    @Test("of gauges that several agents set, the later counts, in any order of arrival")
    func gauges() throws {
        let early = StatsdSnapshot(tally("g:5|g\nh:5|g\nr:+1|g", start: 1000, clock: 1500), agent: "a", interval: 1)
        let late = StatsdSnapshot(tally("g:9|g\nh:+2|g\nr:+2|g", start: 900, clock: 1700), agent: "b", interval: 1)
        for snapshots in [[early, late], [late, early]] {
            let points = try points(snapshots)
            #expect(points["stats.gauges.g"] == 9)
            #expect(points["stats.gauges.h"] == 7)
            #expect(points["stats.gauges.r"] == 3)
        }
    }

    @Test("values meet buckets within the stated error")
    func mixed() throws {
        var limits = StatsdLimits()
        limits.exactValuesMax = 50
        let many = (1...1000).map { "t:\($0)|ms" }.joined(separator: "\n")
        let rough = StatsdSnapshot(tally(many, limits: limits), agent: "a", interval: 1)
        let exact = StatsdSnapshot(tally("t:2000|ms\nt:0|ms\nt:0.001|ms"), agent: "b", interval: 1)
        for snapshots in [[rough, exact], [exact, rough]] {
            let points = try points(snapshots)
            #expect(points["stats.timers.t.count"] == 1003)
            #expect(points["stats.timers.t.upper"] == 2000)
            #expect(points["stats.timers.t.lower"] == 0)
            let error = abs((points["stats.timers.t.upper_90"] ?? 0) - 901) / 901
            #expect(error <= LogHistogram.relativeErrorMax)
        }
    }

    @Test("one that comes twice is taken once; one that comes late is taken, and very late refused")
    func ledger() throws {
        let harness = StatsdHarness()
        func merge(_ interval: UInt64) throws -> Bool {
            try harness.aggregator.merge(StatsdSnapshot(tally("c:1|c"), agent: "a", interval: interval))
        }
        #expect(try merge(100))
        #expect(try !merge(100))
        #expect(try merge(98))
        #expect(try !merge(98))
        #expect(try merge(99))
        #expect(try merge(163))
        #expect(try !merge(100))
        #expect(throws: TelemetryProblem.self) { try merge(99) }
        #expect(try merge(1 << 60))
        #expect(throws: TelemetryProblem.self) { try merge(163) }
        #expect(try harness.flush()["stats.counters.c.count"] == 5)
    }

    @Test("bytes that are cut off or changed are refused whole, or are another snapshot; never a crash")
    func hostile() throws {
        var limits = StatsdLimits()
        limits.exactValuesMax = 10
        let text = "c:1|c\ng:2|g\nh:+2|g\ns:a|s\ns:b|s\nt:1.5|ms\nu:3|ms\nu:5|ms\nc:1|c|T99\n"
        let long = (0..<40).map { "v:\($0)|ms" }.joined(separator: "\n")
        let bytes = StatsdSnapshot(tally(text + long, limits: limits), agent: "a", interval: 1).encoded()
        #expect(try StatsdSnapshot(decoding: bytes).series.count == 8)
        for count in 0..<bytes.count {
            #expect(throws: TelemetryProblem.self) { try StatsdSnapshot(decoding: Array(bytes.prefix(count))) }
        }
        var random = SplitMix(seed: 1)
        for _ in 0..<3000 {
            var changed = bytes
            for _ in 0..<(1 + random.next() % 3) {
                changed[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let snapshot = try? StatsdSnapshot(decoding: changed) else { continue }
            _ = try points([snapshot])
        }
    }
}
