import SystemPackage
import Testing

@testable import Telemetry

/// What a store should hold, in the plainest way: every point that was taken, by archive.
private struct NaiveStore {
    let archives: [Archive]
    let consolidation: Consolidation
    let xFilesFactor: Double
    private var written: [[Int: Double]]
    private(set) var unclear: [Set<Int>]

    init(_ rule: RetentionRule) {
        archives = rule.archives
        consolidation = rule.consolidation ?? .average
        xFilesFactor = rule.xFilesFactor
        written = Array(repeating: [:], count: archives.count)
        unclear = Array(repeating: [], count: archives.count)
    }

    mutating func put(_ time: Int, _ value: Double, now: Int) {
        guard let level = archives.firstIndex(where: { now - time < $0.retention }) else { return }
        written[level][time / archives[level].step] = value
        // What a coarser archive took itself stands until finer points come again; which of them stands
        // then depends on when blocks are made.
        for coarser in archives.indices where coarser > level {
            let slot = time / archives[coarser].step
            if written[coarser][slot] != nil { unclear[coarser].insert(slot) }
            for parent in archives.indices where parent > coarser && unclear[coarser].contains(slot) {
                unclear[parent].insert(time / archives[parent].step)
            }
        }
    }

    func value(_ level: Int, _ slot: Int) -> Double? {
        if level == 0 || written[level][slot] != nil { return written[level][slot] }
        let ratio = archives[level].step / archives[level - 1].step
        let known = (slot * ratio..<slot * ratio + ratio).compactMap { value(level - 1, $0) }
        guard !known.isEmpty, Double(known.count) / Double(ratio) >= xFilesFactor else { return nil }
        return switch consolidation {
        case .sum: known.reduce(0, +)
        case .average: known.reduce(0, +) / Double(known.count)
        case .min: known.min()
        case .max: known.max()
        case .last: known.last
        case .first: known.first
        }
    }
}

@Suite("Roll-ups")
struct RollupTests {
    @Test("every archive is what the plain model says, whatever comes late, twice, or over a restart", arguments: 0..<8)
    func model(seed: Int) async throws {
        var numbers = SeededNumbers(UInt64(seed))
        let rule = RetentionRule(
            pattern: "**", archives: try Archive.list("10s:1h,1m:6h,5m:1d"),
            consolidation: Consolidation.allCases[seed % 6], xFilesFactor: [0, 0.3, 0.5, 1][seed % 4])
        var model = NaiveStore(rule)
        var disk = TestDisk()
        var now = StoreUnderTest.start
        var test = try StoreUnderTest(disk, now: now, rules: [rule])
        for _ in 0..<60 {
            now += Int64.random(in: 1...400, using: &numbers)
            test.time = now
            var points: [(Int64, Double)] = []
            for _ in 0..<Int.random(in: 0...40, using: &numbers) {
                let back: Int64 =
                    switch Int.random(in: 0...9, using: &numbers) {
                    case 0: Int64.random(in: 0...3700, using: &numbers)
                    case 1: Int64.random(in: 0...22_000, using: &numbers)
                    default: Int64.random(in: 0...300, using: &numbers)
                    }
                let point = (now - back, Double(Int.random(in: 0...50, using: &numbers)))
                points.append(point)
                model.put(Int(point.0), point.1, now: Int(now))
            }
            try test.put("a.b", points)
            switch Int.random(in: 0...7, using: &numbers) {
            case 0: try test.store.flush()
            case 1: try test.store.flush(); try test.store.maintain()
            case 2:
                disk = disk.restarted(powerLost: true)
                test = try StoreUnderTest(disk, now: now, rules: [rule])
            default: break
            }
            for (level, archive) in rule.archives.enumerated() where Int.random(in: 0...3, using: &numbers) == 0 {
                let from = now - Int64(archive.retention)
                let read = try await test.read("a.b", from: from, until: now)
                let first = Int(from) / archive.step + 1
                for slot in first...Int(now) / archive.step where !model.unclear[level].contains(slot) {
                    let expected = model.value(level, slot)
                    let found = read[Int64(slot * archive.step)]
                    if found != expected {
                        Issue.record(
                            "seed \(seed), archive \(level), slot \(slot): \(found ?? .nan), not \(expected ?? .nan)")
                    }
                }
            }
        }
    }

    @Test("months in jumps of hours: old blocks go, few files stay, idle series leave")
    func retention() async throws {
        let disk = TestDisk()
        let rule = RetentionRule(pattern: "**", archives: try Archive.list("10s:6h,1m:6d,10m:20d"))
        let test = try StoreUnderTest(disk, rules: [rule])
        try test.put("idle", [(test.time, 1)])
        var most = 0
        for _ in 0..<150 {
            test.time += 12 * 3600
            try test.put("a.b", [(test.time - 60, 1), (test.time, 3)])
            try test.store.maintain()
            most = max(most, test.store.statistics.blocks)
        }
        #expect(most < 110)
        #expect(disk.names.filter { $0.hasSuffix(".log") }.count <= 2)
        #expect(try await test.store.names(matching: "*") == [])
        #expect(try await test.store.names(matching: "a.*").map(\.text) == ["a.b"])
        let old = try await test.read("a.b", from: test.time - 19 * 86_400, until: test.time)
        #expect(old.count >= 19 * 2 - 1 && old.values.allSatisfy { $0 == 3 || $0 == 1 || $0 == 2 })
        let minute = try await test.read("a.b", from: test.time - 6 * 3600 - 120, until: test.time)
        #expect(minute.count == 2)
        let again = try StoreUnderTest(disk.restarted(), now: test.time, rules: [rule])
        #expect(try await again.read("a.b", from: test.time - 19 * 86_400, until: test.time) == old)
    }

    @Test(
        "the name's end decides how points are rolled up",
        arguments: [
            ("a.lower", Consolidation.min), ("a.upper_90", .max), ("a.count", .sum), ("a.sum_90;dc=x", .sum),
            ("a.b", .average),
            ("a.count.mean", .average), ("keep.max", .last),
        ])
    func byEnd(name: String, consolidation: Consolidation) async throws {
        let test = try StoreUnderTest(
            TestDisk(),
            rules: [RetentionRule(pattern: "keep.**", archives: RetentionRule.standard.archives, consolidation: .last)])
        try test.put(name, [(test.time, 1)])
        let windows = try await test.store.windows(
            [SeriesName(name)], from: test.time - 60, until: test.time, now: test.time)
        #expect(windows.map(\.consolidation) == [consolidation])
    }

    @Test(
        "retentions as users write them",
        arguments: [
            ("10s:6h,1m:6d,10m:1800d", "10/21600 60/518400 600/155520000"), ("60:1440", "60/86400"),
            ("1m:1d, 10s:6h", "10/21600 60/86400"),
            ("1min:1y", "60/31536000"), ("1h:1w", "3600/604800"),
        ])
    func lists(text: String, expected: String) throws {
        #expect(try Archive.list(text).map { "\($0.step)/\($0.retention)" }.joined(separator: " ") == expected)
    }

    @Test(
        "retentions that cannot be",
        arguments: [
            "", "10s", "10s:6h:1", "0s:6h", "10s:6h,15s:1d", "10s:6h,10s:1d", "10s:1d,1m:6h", "10s:30s,1m:1d", "x:6h",
            "10s:6x",
            "99999999999999999999:1", "10s:99999999999999999y", "-1:5", "10s:1s",
        ])
    func refused(text: String) {
        #expect(throws: TelemetryProblem.self) { try Archive.list(text) }
    }
}
