import Synchronization
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

@Suite("statsd with many senders")
struct StatsdSendersTests {
    private func snapshot(_ text: String, _ agent: String, _ interval: UInt64 = 1) -> StatsdSnapshot {
        let tally = StatsdTally(seed: 3)
        tally.receive(Array(text.utf8))
        return StatsdSnapshot(tally, agent: agent, interval: interval)
    }

    @Test("a flood of one host's labels costs the others nothing, and each has a source of its own")
    func flood() throws {
        var limits = StatsdLimits()
        limits.keysOfAgentMax = 100
        let harness = StatsdHarness(limits: limits)
        let flood = (0..<500).map { "flood.\($0):1|c" }.joined(separator: "\n")
        for interval in 1...3 as ClosedRange<UInt64> {
            _ = try harness.aggregator.merge(snapshot("shared:1|c\n" + flood, "bad", interval))
            _ = try harness.aggregator.merge(snapshot("shared:1|c\nmine:2|c", "good", interval))
            harness.receive("own:3|c")
            let points = try harness.flush(at: Int64(interval) * 10)
            #expect(points.keys.count { $0.hasPrefix("stats.counters.flood.") && $0.hasSuffix(".count") } == 99)
            #expect(points["stats.counters.shared.count"] == 2)
            #expect(points["stats.counters.mine.count"] == 2)
            #expect(points["stats.counters.own.count"] == 3)
            #expect(harness.aggregator.counts.valuesBeyondKeys == 401)
        }
        let sources = harness.sink.state.withLock { $0.sources }
        #expect(sources["stats.counters.mine.count"] == "statsd:good")
        #expect(sources["stats.counters.flood.7.count"] == "statsd:bad")
        #expect(sources["stats.counters.own.count"] == "statsd")
    }

    @Test("other settings: names and percentiles change, gauges stay, an interval that took long has its own rate")
    func configured() throws {
        let harness = StatsdHarness()
        harness.receive("g:40|g\nt:5|ms\nc:20|c")
        #expect(try harness.flush(at: 10)["stats.counters.c.rate"] == 2)
        var settings = StatsdSettings()
        settings.interval = 2
        settings.percentiles = [50]
        settings.histograms = [StatsdBins(metric: "", limits: [10, .infinity])]
        settings.names.isLegacy = true
        harness.aggregator.configure(settings)
        harness.receive("g:+2|g\nt:5|ms\nc:20|c")
        harness.tally.seconds = 2.1
        let points = try harness.flush(at: 12)
        #expect(points["stats.gauges.g"] == 42)
        #expect(points["stats.timers.t.upper_50"] == 5)
        #expect(points["stats.timers.t.histogram.bin_10"] == 1)
        #expect(points["stats.c"] == 10)
        harness.receive("c:20|c")
        harness.tally.seconds = 8
        #expect(try harness.flush(at: 20)["stats.c"] == 2.5)
    }

    @Test("checks are gauges, and events go on with what an agent sends")
    func notices() throws {
        let lines = "_sc|db.main|2|h:web-1|#env:prod|m:away\n_e{3,4}:abc|text|d:99|h:web-1|t:error|#a:b,c"
        let sent = snapshot(lines, "a")
        let came = try StatsdSnapshot(decoding: sent.encoded())
        #expect(came == sent && came.events.count == 1)
        let harness = StatsdHarness()
        _ = try harness.aggregator.merge(came)
        harness.receive("_sc|local|1")
        let points = try harness.flush()
        #expect(points["stats.gauges.service_checks.db.main;env=prod;host=web-1"] == 2)
        #expect(points["stats.gauges.service_checks.local"] == 1)
        let event = try #require(harness.aggregator.events.first)
        #expect(event.title == "abc" && event.text == "text" && event.time == 99 && event.tags == ["a:b", "c"])
        #expect(event.host == "web-1" && event.alert == "error")
        var random = SplitMix(seed: 9)
        for _ in 0..<2000 {
            var changed = sent.encoded()
            changed[Int(random.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: random.next())
            _ = try? StatsdSnapshot(decoding: changed)
        }
    }

    @Test("without an endpoint no socket is open, and agents' snapshots are taken")
    func closed() throws {
        let sink = CollectingSink()
        var settings = StatsdSettings()
        settings.interval = 100_000
        let server = try StatsdServer(nil, settings: settings, sink: sink, seed: 1, report: { _ in })
        #expect(server.datagramPort == 0 && server.streamPort == 0 && server.managementPort == nil)
        #expect(try server.merge(snapshot("c:4|c", "a")))
        settings.interval = 1
        server.configure(settings, patience: 0)
        #expect(eventually { sink.lastValues["stats.counters.c.count"] } == 4)
        server.stop()
    }
}
