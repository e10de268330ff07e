import Testing

@testable import Telemetry

@Suite("Branches of the tree")
struct BranchedSourceTests {
    private struct Away: SeriesSource {
        private var problem: TelemetryProblem {
            TelemetryProblem("test.away", "It is away.", cause: "There was no answer in time.", remedy: "Wait.")
        }
        func find(_ pattern: String, from: Int64, until: Int64) async throws(TelemetryProblem) -> [SeriesNode] {
            throw problem
        }
        func names(matching pattern: String) async throws(TelemetryProblem) -> [SeriesName] { throw problem }
        func names(where conditions: [TagCondition]) async throws(TelemetryProblem) -> [SeriesName] { throw problem }
        func tagKeys(prefix: String, where conditions: [TagCondition], limit: Int)
            async throws(TelemetryProblem) -> [String]
        { throw problem }
        func tagValues(of key: String, prefix: String, where conditions: [TagCondition], limit: Int)
            async throws(TelemetryProblem) -> [String]
        { throw problem }
        func windows(_ names: [SeriesName], from: Int64, until: Int64, now: Int64)
            async throws(TelemetryProblem) -> [SeriesWindow]
        { throw problem }
    }

    private func source(_ notices: QueryNotices, mayMiss: Bool = true) -> BranchedSource {
        let trunk = MemorySeriesSource(SeriesSourceContract.series)
        func region(_ value: Double) -> MemorySeriesSource {
            MemorySeriesSource([
                SeriesWindow(name: "hosts.a.load", start: 960, step: 60, values: [value, value, value, value, value]),
                SeriesWindow(name: "disk;dc=x", start: 960, step: 60, values: [value]),
            ])
        }
        return BranchedSource(
            trunk,
            branches: [
                .init(
                    name: "regions", children: ["eu": region(1), "us": region(2), "ap": Away()], mayMiss: mayMiss)
            ], notices: notices)
    }

    @Test("without branches it is what it stands on")
    func contract() async throws {
        let source = BranchedSource(
            MemorySeriesSource(SeriesSourceContract.series), branches: [], notices: QueryNotices())
        try await SeriesSourceContract(source: source).check()
    }

    @Test("functions add up regions, and one that is away is a notice")
    func aggregated() async throws {
        let notices = QueryNotices()
        let request = try RenderRequest(
            FormFields([
                ("target", "sumSeries(regions.*.hosts.*.load)"), ("target", "regions.{eu,us}.hosts.a.load"),
                ("target", "regions.eu.disk;dc=x"), ("target", "a.x.mem"), ("from", "900"), ("until", "1200"),
                ("format", "json"),
            ]), now: 1230)
        let series = try await GraphEvaluator(source: source(notices)).evaluate(request)
        #expect(
            series.map(\.name) == [
                "sumSeries(regions.*.hosts.*.load)", "regions.eu.hosts.a.load", "regions.us.hosts.a.load",
                "regions.eu.disk;dc=x", "a.x.mem",
            ])
        #expect(series.first?.values == [3, 3, 3, 3, 3])
        #expect(notices.all == ["regions.ap is missing: There was no answer in time."])
    }

    @Test("the tree shows branches beside what is there")
    func tree() async throws {
        let notices = QueryNotices()
        let source = source(notices)
        func paths(_ pattern: String) async throws -> [String] {
            try await source.find(pattern, from: 0, until: 2000).map(\.path)
        }
        #expect(try await paths("*") == ["a", "b", "regions"])
        #expect(try await paths("regions.*") == ["regions.ap", "regions.eu", "regions.us"])
        #expect(try await paths("regions.[eu]?.*") == ["regions.eu.hosts", "regions.us.hosts"])
        #expect(notices.all.isEmpty)
        #expect(try await paths("regions.*.hosts.a.*") == ["regions.eu.hosts.a.load", "regions.us.hosts.a.load"])
        #expect(notices.all.count == 1)
    }

    @Test("a branch that may not be missed fails the request")
    func needed() async {
        let source = source(QueryNotices(), mayMiss: false)
        await #expect(throws: TelemetryProblem.self) { try await source.names(matching: "regions.*.hosts.a.load") }
    }

    @Test("a line of the format raw, and what is none")
    func raw() throws {
        let window = try RegionSource.window(Array("a,b;k=v,100,130,10|1.5,None,-2.0".utf8)[...])
        #expect(window.name == "a,b;k=v" && window.start == 100 && window.step == 10 && window.values.count == 3)
        #expect(window.values[0] == 1.5 && window.values[1].isNaN && window.values[2] == -2)
        for text in ["", "a", "a|1", "a,1,2,0|1", "a,1,2,x|1", "a,1,2,3|x", "a,1,99999999999999,3|1"] {
            #expect((try? RegionSource.window(Array(text.utf8)[...])) == nil, "\(text)")
        }
    }
}
