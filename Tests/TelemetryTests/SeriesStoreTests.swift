import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Telemetry

/// A store with a clock that tests set.
final class StoreUnderTest: Sendable {
    static let folder: FilePath = "/store"
    let store: SeriesStore
    let report: SeriesStoreReport
    private let box: Box

    static let start: Int64 = 1_700_000_000

    init(
        _ disk: any FileSystem, folder: FilePath = StoreUnderTest.folder, now start: Int64 = StoreUnderTest.start,
        rules: [RetentionRule] = [], change: (inout SeriesStoreOptions) -> Void = { _ in }
    ) throws {
        var options = SeriesStoreOptions(rules: rules)
        change(&options)
        let time = Box(start)
        (store, report) = try SeriesStore.open(folder, options, on: disk, seed: 7) { time.value.withLock { $0 } }
        box = time
    }

    var time: Int64 {
        get { box.value.withLock { $0 } }
        set { box.value.withLock { $0 = newValue } }
    }

    private final class Box: Sendable {
        let value: Mutex<Int64>
        init(_ value: Int64) { self.value = Mutex(value) }
    }

    func id(_ name: String, source: String = "test") -> SeriesID? {
        let bytes = Array(name.utf8)
        return store.series(named: bytes.span, source: SourceName(source))
    }

    func put(_ name: String, _ points: [(Int64, Double)]) throws {
        let id = try #require(self.id(name))
        try store.append(points.map { SeriesPoint(series: id, time: $0.0, value: $0.1) })
    }

    /// The points that a query finds, by time.
    func read(_ name: String, from: Int64, until: Int64) async throws -> [Int64: Double] {
        var result: [Int64: Double] = [:]
        for window in try await store.windows([SeriesName(name)], from: from, until: until, now: time) {
            for (index, value) in window.values.enumerated() where !value.isNaN {
                result[window.start + Int64(index) * window.step] = value
            }
        }
        return result
    }
}

@Suite("Series store")
struct SeriesStoreTests {
    static let start = StoreUnderTest.start

    @Test("what was written is there after a restart, from the log and from blocks")
    func restart() async throws {
        let disk = TestDisk()
        var expected: [Int64: Double] = [:]
        for round in 0..<4 {
            let test = try StoreUnderTest(disk, now: Self.start + Int64(round) * 3000)
            #expect(test.report.dropped == [])
            #expect(try await test.read("servers.web-1.load", from: Self.start - 10, until: test.time) == expected)
            for index in 0..<300 {
                let time = Self.start + Int64(round * 300 + index) * 10
                test.time = time
                expected[time] = Double(index % 17) / 10
                try test.put("servers.web-1.load", [(time, Double(index % 17) / 10)])
            }
            #expect(try await test.read("servers.web-1.load", from: Self.start - 10, until: test.time) == expected)
            if round % 2 == 1 { try test.store.flush() }
            #expect(try await test.read("servers.web-1.load", from: Self.start - 10, until: test.time) == expected)
        }
    }
}

extension SeriesStoreTests {
    @Test("what is not finite, too old, ahead or unknown is refused and counted, and the rest is taken")
    func refused() async throws {
        let test = try StoreUnderTest(TestDisk())
        let now = test.time
        let years: Int64 = 10 * 366 * 86_400
        try test.put(
            "a",
            [(now, .nan), (now, .infinity), (now - years, 1), (now + years, 1), (.min, 1), (.max, 1), (0, 1), (now, 5)])
        try test.store.append([SeriesPoint(series: SeriesID(index: 77), time: now, value: 1)])
        #expect(test.store.statistics.points == 1)
        #expect(test.store.statistics.refused == [.notFinite: 2, .tooOld: 3, .future: 2, .unknownSeries: 1])
        #expect(try await test.read("a", from: now - 60, until: now) == [now: 5])
    }

    @Test(
        "names that are not canonical are refused",
        arguments: [
            "", ".", "a..b", ".a", "a.", "a b", "a\n", "a;x", "a;x=", "a;=y", "a;b=1;a=2", "a;a=~x",
            String(repeating: "a", count: 1_000_000),
            String(repeating: "a", count: 1025),
        ])
    func names(name: String) throws {
        let test = try StoreUnderTest(TestDisk())
        #expect(test.id(name) == nil)
        let invalid: [UInt8] = [0x61, 0xFF]
        #expect(test.store.series(named: invalid.span, source: SourceName("x")) == nil)
        #expect(test.store.statistics.refused == [.nameInvalid: 2])
    }

    @Test("a flood of labels ends at its source's cap, and others go on")
    func flood() throws {
        let test = try StoreUnderTest(TestDisk()) { options in
            options.seriesMax = 100
            options.seriesMaxBySource[SourceName("big")] = 500
        }
        for index in 0..<1000 {
            #expect((test.id("f;label=\(index)", source: "flood") != nil) == (index < 100))
            #expect((test.id("b;label=\(index)", source: "big") != nil) == (index < 500))
        }
        #expect(test.id("f;label=5", source: "flood") != nil)
        #expect(test.id("other", source: "other") != nil)
        #expect(test.store.statistics.refusedBySource == [SourceName("flood"): 900, SourceName("big"): 500])
        #expect(test.store.statistics.series == 601)
    }

    @Test("series are found by path and by tags")
    func find() async throws {
        let test = try StoreUnderTest(TestDisk())
        for name in [
            "a.b.c", "a.b.d", "a.x", "a.b", "disk.used;dc=1;host=w1", "disk.used;dc=2;host=w2", "disk.free;dc=1",
        ] {
            try test.put(name, [(test.time, 1)])
        }
        let nodes = try await test.store.find("a.*", from: 0, until: test.time)
        #expect(
            nodes == [
                SeriesNode(path: "a.b", isLeaf: true, isBranch: true),
                SeriesNode(path: "a.x", isLeaf: true, isBranch: false),
            ])
        func names(_ conditions: TagCondition...) async throws -> [String] {
            try await test.store.names(where: conditions).map(\.text)
        }
        #expect(try await names(TagCondition(key: "dc", .equal, "1")) == ["disk.free;dc=1", "disk.used;dc=1;host=w1"])
        #expect(try await names(TagCondition(key: "name", .equal, "a.x")) == ["a.x"])
        #expect(try await names(TagCondition(key: "name", .matches, "a\\.b")) == ["a.b", "a.b.c", "a.b.d"])
        #expect(
            try await names(TagCondition(key: "name", .matches, "disk"), TagCondition(key: "host", .equal, "")) == [
                "disk.free;dc=1"
            ])
        #expect(
            try await names(TagCondition(key: "host", .matches, "w[0-9]"), TagCondition(key: "dc", .unequal, "1")) == [
                "disk.used;dc=2;host=w2"
            ])
        await #expect(throws: TelemetryProblem.self) { try await names(TagCondition(key: "dc", .unequal, "1")) }
        await #expect(throws: TelemetryProblem.self) { try await names(TagCondition(key: "dc", .matches, "(")) }
        #expect(try await test.store.tagKeys(prefix: "", where: [], limit: 10) == ["dc", "host", "name"])
        #expect(
            try await test.store.tagValues(
                of: "dc", prefix: "", where: [TagCondition(key: "name", .equal, "disk.used")], limit: 1) == ["1"])
        #expect(try test.store.delete([SeriesName("disk.free;dc=1"), SeriesName("a.b.c"), SeriesName("none")]) == 2)
        #expect(try await names(TagCondition(key: "dc", .equal, "1")) == ["disk.used;dc=1;host=w1"])
        #expect(try await test.store.names(matching: "a.{b,x}.*").map(\.text) == ["a.b.d"])
    }

    @Test("what was deleted does not come back, not even under its number that a source still has")
    func delete() async throws {
        let disk = TestDisk()
        let test = try StoreUnderTest(disk)
        let id = try #require(test.id("a.b"))
        try test.put("a.b", [(test.time - 100, 1)])
        try test.store.flush()
        try test.put("a.b", [(test.time - 50, 2)])
        #expect(try test.store.delete([SeriesName("a.b")]) == 1)
        #expect(try await test.read("a.b", from: test.time - 200, until: test.time) == [:])
        try test.store.append([SeriesPoint(series: id, time: test.time, value: 3)])
        let expected: [Int64: Double] = [test.time: 3]
        #expect(try await test.read("a.b", from: test.time - 200, until: test.time) == expected)
        for _ in 0..<2 {
            let again = try StoreUnderTest(disk.restarted(powerLost: true))
            #expect(try await again.read("a.b", from: test.time - 200, until: test.time) == expected)
            try test.store.flush()
        }
    }

    @Test("a backup is a store as it was at one moment")
    func backup() async throws {
        let disk = TestDisk()
        let test = try StoreUnderTest(disk)
        try test.put("a", [(test.time - 100, 1)])
        try test.store.flush()
        try test.put("a", [(test.time - 50, 2)])
        try test.store.backup(to: "/backup")
        try test.put("a", [(test.time, 3)])
        let copy = try StoreUnderTest(disk.restarted(powerLost: true), folder: "/backup")
        #expect(copy.report.dropped == [])
        #expect(
            try await copy.read("a", from: test.time - 200, until: test.time) == [
                test.time - 100: 1, test.time - 50: 2,
            ])
        #expect(throws: TelemetryProblem.self) { try test.store.backup(to: "/backup") }
    }

    @Test("a folder has one store at a time")
    func claimed() throws {
        let disk = TestDisk()
        let test = try StoreUnderTest(disk)
        #expect(throws: TelemetryProblem.self) { try StoreUnderTest(disk) }
        #expect(test.report.dropped == [])
    }

    @Test("a query that asks for too much is refused")
    func tooMuch() async throws {
        let test = try StoreUnderTest(TestDisk())
        try test.put("a", [(test.time, 1)])
        for (from, until) in [(0, Int64(1) << 39), (Int64.min, .max), (5, 5)] as [(Int64, Int64)] {
            let windows = try? await test.store.windows([SeriesName("a")], from: from, until: until, now: test.time)
            #expect(windows?.isEmpty ?? true)
        }
    }

    @Test("the same on the disk of this machine")
    func realDisk() async throws {
        let folder = FilePath(try temporaryFolder())
        defer { removeTree(folder) }
        let start = Self.start / 10 * 10
        do {
            let test = try StoreUnderTest(Disk(), folder: folder, now: start)
            for index in 0..<500 { try test.put("a.b", [(start - Int64(index) * 10, Double(index))]) }
            try test.store.flush()
            try test.put("a.b", [(start, -1)])
            #expect(throws: TelemetryProblem.self) { try StoreUnderTest(Disk(), folder: folder) }
        }
        let again = try StoreUnderTest(Disk(), folder: folder, now: start)
        #expect(again.report.dropped == [])
        let read = try await again.read("a.b", from: start - 5000, until: start)
        #expect(read.count == 500 && read[start] == -1 && read[start - 10] == 1)
    }
}

/// An empty folder of this test's own.
private func temporaryFolder() throws -> String {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array((base + "/apus-series-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

private func removeTree(_ folder: FilePath) {
    let disk = Disk()
    for name in (try? disk.list(folder)) ?? [] {
        let path = folder.appending(name)
        if (try? disk.list(path)) != nil { removeTree(path) } else { try? disk.remove(path) }
    }
    rmdir(folder.string)
}
