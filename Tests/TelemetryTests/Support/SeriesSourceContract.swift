import Testing

@testable import Telemetry

/// What every `SeriesSource` must do. A suite of the source calls `check` with one that has these series.
struct SeriesSourceContract {
    /// What the source must hold: every point is at a multiple of the step, from 960 to 1200.
    static let series: [SeriesWindow] = [
        SeriesWindow(name: "a.x.cpu", start: 960, step: 60, values: [1, 2, .nan, 4, 5]),
        SeriesWindow(name: "a.x.mem", start: 960, step: 60, values: [9, 8, 7, 6, 5]),
        SeriesWindow(name: "a.y.cpu", start: 960, step: 60, values: [.nan, .nan, 3, .nan, .nan]),
        SeriesWindow(name: "a.y", start: 960, step: 60, values: [0, 0, 0, 0, 0]),
        SeriesWindow(name: "b.z-1.cpu", start: 960, step: 60, values: [1, 1, 1, 1, 1]),
        SeriesWindow(name: "disk;dc=ams;host=w1", start: 960, step: 60, values: [1, 2, 3, 4, 5]),
        SeriesWindow(name: "disk;dc=fra;host=w2", start: 960, step: 60, values: [5, 4, 3, 2, 1]),
        SeriesWindow(name: "load;dc=ams", start: 960, step: 60, values: [1, 1, 1, 1, 1]),
    ]

    let source: any SeriesSource
    /// When the last point was taken in.
    let now: Int64 = 1230

    func check() async throws {
        try await globs()
        try await tree()
        try await tags()
        try await windows()
    }

    private func names(_ pattern: String) async throws -> [String] {
        try await source.names(matching: pattern).map(\.text)
    }

    private func globs() async throws {
        #expect(try await names("a.x.cpu") == ["a.x.cpu"])
        #expect(try await names("a.*.cpu") == ["a.x.cpu", "a.y.cpu"])
        #expect(try await names("*.*.*") == ["a.x.cpu", "a.x.mem", "a.y.cpu", "b.z-1.cpu"])
        #expect(try await names("a.*") == ["a.y"], "A star never crosses a dot.")
        #expect(try await names("*") == [], "Tagged series have no place in the tree.")
        #expect(try await names("a.?.c*") == ["a.x.cpu", "a.y.cpu"])
        #expect(try await names("a.[xz].cpu") == ["a.x.cpu"])
        #expect(try await names("a.[!x].cpu") == ["a.y.cpu"])
        #expect(try await names("a.[w-x].cpu") == ["a.x.cpu"])
        #expect(try await names("{a,b}.{x,z-*}.cpu") == ["a.x.cpu", "b.z-1.cpu"])
        #expect(try await names("a.x.{c,m}{pu,em}") == ["a.x.cpu", "a.x.mem"])
        #expect(try await names("nope.*") == [])
        #expect(try await names("disk;dc=ams;host=w1") == ["disk;dc=ams;host=w1"])
        #expect(try await names("disk;host=w1;dc=ams") == ["disk;dc=ams;host=w1"], "Tags have no order.")
        #expect(try await names("disk;dc=nope") == [])
    }

    private func tree() async throws {
        func find(_ pattern: String) async throws -> [SeriesNode] {
            try await source.find(pattern, from: 0, until: now)
        }
        #expect(
            try await find("*") == [
                SeriesNode(path: "a", isLeaf: false, isBranch: true),
                SeriesNode(path: "b", isLeaf: false, isBranch: true),
            ])
        #expect(
            try await find("a.*") == [
                SeriesNode(path: "a.x", isLeaf: false, isBranch: true),
                SeriesNode(path: "a.y", isLeaf: true, isBranch: true),
            ])
        #expect(try await find("a.x.c*") == [SeriesNode(path: "a.x.cpu", isLeaf: true, isBranch: false)])
        #expect(try await find("nope.*") == [])
    }

    private func tags() async throws {
        func found(_ conditions: TagCondition...) async throws -> [String] {
            try await source.names(where: conditions).map(\.text)
        }
        #expect(try await found(TagCondition(key: "dc", .equal, "ams")) == ["disk;dc=ams;host=w1", "load;dc=ams"])
        #expect(
            try await found(TagCondition(key: "name", .equal, "disk"), TagCondition(key: "dc", .unequal, "fra"))
                == ["disk;dc=ams;host=w1"])
        #expect(
            try await found(TagCondition(key: "dc", .unequal, ""), TagCondition(key: "host", .equal, ""))
                == ["load;dc=ams"], "A missing tag counts as an empty value.")
        #expect(
            try await found(TagCondition(key: "host", .matches, "w[12]"))
                == ["disk;dc=ams;host=w1", "disk;dc=fra;host=w2"])
        #expect(try await found(TagCondition(key: "host", .matches, "[12]")) == [], "Patterns begin at the start.")
        #expect(
            try await found(TagCondition(key: "name", .matches, "disk|load"), TagCondition(key: "host", .differs, "w1"))
                == ["disk;dc=fra;host=w2", "load;dc=ams"])
        #expect(try await found(TagCondition(key: "name", .equal, "a.x.cpu")) == ["a.x.cpu"])
        await #expect(throws: TelemetryProblem.self) { try await found(TagCondition(key: "dc", .unequal, "ams")) }
        await #expect(throws: TelemetryProblem.self) { try await found() }
        let ams = [TagCondition(key: "dc", .equal, "ams")]
        #expect(try await source.tagKeys(prefix: "", where: [], limit: 9) == ["dc", "host", "name"])
        #expect(try await source.tagKeys(prefix: "h", where: ams, limit: 9) == ["host"])
        #expect(try await source.tagKeys(prefix: "", where: [], limit: 1) == ["dc"])
        #expect(try await source.tagValues(of: "dc", prefix: "", where: [], limit: 9) == ["ams", "fra"])
        #expect(try await source.tagValues(of: "name", prefix: "", where: ams, limit: 9) == ["disk", "load"])
        #expect(try await source.tagValues(of: "dc", prefix: "f", where: [], limit: 9) == ["fra"])
        #expect(try await source.tagValues(of: "nope", prefix: "", where: [], limit: 9) == [])
    }

    private func windows() async throws {
        func window(_ names: [String], _ from: Int64, _ until: Int64) async throws -> [SeriesWindow] {
            try await source.windows(names.map { SeriesName(canonical: $0) }, from: from, until: until, now: now)
        }
        func texts(_ window: SeriesWindow?) -> [String] { window?.values.map { $0.isNaN ? "-" : "\($0)" } ?? [] }
        let both = try await window(["a.y.cpu", "nope", "a.x.cpu"], 960, 1200)
        #expect(both.map(\.name) == ["a.y.cpu", "a.x.cpu"], "In the order that was asked, without the unknown.")
        #expect(both.map(\.start) == [1020, 1020], "From is not part of it.")
        #expect(both.map(\.step) == [60, 60])
        #expect(texts(both.last) == ["2.0", "-", "4.0", "5.0"], "Until is part of it.")
        #expect(texts(both.first) == ["-", "3.0", "-", "-"])
        let between = try await window(["a.x.mem"], 959, 1199)
        #expect(between.first?.start == 960)
        #expect(texts(between.first) == ["9.0", "8.0", "7.0", "6.0"])
        #expect(try await window([], 0, 100).isEmpty)
    }
}

@Suite("A source of series in memory")
struct MemorySeriesSourceTests {
    @Test("keeps the contract of sources")
    func contract() async throws {
        try await SeriesSourceContract(source: MemorySeriesSource(SeriesSourceContract.series)).check()
    }
}
