import Testing

@testable import Telemetry

/// statsd as one would write it down, to compare with.
private struct PlainStatsd {
    var counters: [String: Double] = [:]
    var gauges: [String: Double] = [:]
    var sets: [String: Set<String>] = [:]
    var timers: [String: [Double]] = [:]
    var weights: [String: Double] = [:]

    mutating func receive(_ name: String, _ value: String, _ kind: String, rate: Double) {
        switch kind {
        case "c": counters[name, default: 0] += (Double(value) ?? 0) * (1 / rate)
        case "g":
            let isRelative = value.hasPrefix("+") || value.hasPrefix("-")
            gauges[name] = (isRelative ? gauges[name] ?? 0 : 0) + (Double(value) ?? 0)
        case "s": sets[name, default: []].insert(value)
        default:
            timers[name, default: []].append(Double(value) ?? 0)
            weights[name, default: 0] += 1 / rate
        }
    }

    var points: [String: Double] {
        var points: [String: Double] = [:]
        for (name, value) in counters {
            points["stats.counters.\(name).count"] = value
            points["stats.counters.\(name).rate"] = value / 10
        }
        for (name, value) in gauges { points["stats.gauges.\(name)"] = value }
        for (name, members) in sets { points["stats.sets.\(name).count"] = Double(members.count) }
        for (name, unordered) in timers {
            let values = unordered.sorted()
            let count = Double(values.count)
            let sum = values.reduce(0, +)
            let within = values.count == 1 ? 1 : Int((0.9 * count + 0.5).rounded(.down))
            let lower = values.prefix(within)
            let middle = values.count / 2
            let fields: [String: Double] = [
                "count": weights[name] ?? 0, "count_ps": (weights[name] ?? 0) / 10, "sum": sum, "mean": sum / count,
                "sum_squares": values.reduce(0) { $0 + $1 * $1 }, "upper": values.last ?? 0, "lower": values[0],
                "median": values.count % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2,
                "std": (values.reduce(0) { $0 + ($1 - sum / count) * ($1 - sum / count) } / count).squareRoot(),
                "count_90": Double(within), "upper_90": lower.last ?? 0, "sum_90": lower.reduce(0, +),
                "mean_90": lower.reduce(0, +) / Double(within), "sum_squares_90": lower.reduce(0) { $0 + $1 * $1 },
            ]
            for (field, value) in fields { points["stats.timers.\(name).\(field)"] = value }
        }
        return points
    }
}

@Suite("statsd beside a plain one")
struct StatsdDifferentialTests {
    private struct Line {
        var name: String
        var value: String
        var kind: String
        var rate: Double
        var text: String { "\(name):\(value)|\(kind)\(rate == 1 ? "" : "|@\(rate)")" }
    }

    private func makeLine(_ random: inout SplitMix) -> Line {
        let name = "n" + String(repeating: "x", count: Int(random.next() % 20)) + "\(random.next() % 40)"
        let rate = random.next() % 4 == 0 ? [0.5, 0.1, 0.25][Int(random.next() % 3)] : 1
        let whole = random.next() % 100_000
        switch random.next() % 6 {
        case 0: return Line(name: name, value: "\(whole)", kind: "c", rate: rate)
        case 1: return Line(name: name, value: "-\(whole).\(whole % 7)", kind: "c", rate: rate)
        case 2: return Line(name: name, value: ["", "+", "-"][Int(whole % 3)] + "\(whole).5", kind: "g", rate: 1)
        case 3: return Line(name: name, value: "m\(whole % 50)", kind: "s", rate: 1)
        case 4: return Line(name: name, value: "\(whole).\(whole % 1000)", kind: "ms", rate: rate)
        default: return Line(name: name, value: "\(whole)e-2", kind: "h", rate: rate)
        }
    }

    /// The same to 9 digits: sums are made in another order.
    private func expectSame(_ found: [String: Double], _ expected: [String: Double], _ seed: UInt64) {
        #expect(Set(found.keys) == Set(expected.keys), "seed \(seed)")
        for (name, value) in expected {
            let difference = abs((found[name] ?? .nan) - value)
            #expect(difference <= 1e-9 * max(1, abs(value)), "seed \(seed): \(name)")
        }
    }

    @Test("the same figures from the same lines, however they are cut into datagrams", arguments: UInt64(1)...20)
    func lines(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let harness = StatsdHarness()
        var plain = PlainStatsd()
        for _ in 0..<100 {
            let lines = (0..<(1 + random.next() % 30)).map { _ in makeLine(&random) }
            for line in lines { plain.receive(line.name, line.value, line.kind, rate: line.rate) }
            harness.receive(lines.map(\.text).joined(separator: "\n") + (random.next() % 2 == 0 ? "\n" : ""))
        }
        expectSame(try harness.flush(), plain.points, seed)
    }

    @Test("agents' snapshots come to what one statsd would have counted", arguments: UInt64(1)...20)
    func agents(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let server = StatsdHarness()
        var plain = PlainStatsd()
        let agents = (0..<5).map { _ in StatsdTally(seed: random.next()) }
        for _ in 0..<2000 {
            let line = makeLine(&random)
            // Which of two gauges came later, agents tell by time: see the tests of gauges.
            if line.kind == "g" { continue }
            plain.receive(line.name, line.value, line.kind, rate: line.rate)
            let agent = agents[Int(random.next() % 5)]
            Array(line.text.utf8).withUnsafeBytes { agent.receive($0) }
        }
        for (number, agent) in agents.enumerated() where number > 0 {
            let sent = StatsdSnapshot(agent, agent: "a\(number)", interval: 7)
            let received = try StatsdSnapshot(decoding: sent.encoded())
            #expect(received == sent)
            #expect(try server.aggregator.merge(received))
            #expect(try !server.aggregator.merge(received), "A retry is not counted twice.")
        }
        // The server's own statsd is the fifth.
        try server.aggregator.flush(agents[0], at: 1000)
        expectSame(server.points(at: 1000), plain.points, seed)
    }
}

extension StatsdHarness {
    func points(at time: Int64) -> [String: Double] {
        sink.values(at: time).filter { !$0.key.contains(".statsd.") }
    }
}
