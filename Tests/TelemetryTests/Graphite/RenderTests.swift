import Testing

@testable import Telemetry

@Suite("Graphite's render API")
struct RenderTests {
    static let source = MemorySeriesSource([
        SeriesWindow(name: "a.x", start: 60, step: 60, values: [1, .nan, 3]),
        SeriesWindow(name: "a.y", start: 60, step: 60, values: [0.5, 2, .nan]),
        SeriesWindow(name: "b.x", start: 60, step: 60, values: [7, 8, 9]),
    ])

    static func render(_ query: String) async throws -> String {
        let request = try RenderRequest(FormFields(encoded: query.utf8), now: 180)
        let series = try await GraphEvaluator(source: source).evaluate(request)
        return String(decoding: RenderJSON.encode(series, request), as: UTF8.self)
    }

    @Test("nested and piped calls give the same JSON")
    func thin() async throws {
        let nested = try await Self.render("target=alias(sumSeries(a.*),\"x\")&from=0&until=180&format=json")
        #expect(
            nested == #"[{"target":"x","tags":{"name":"sumSeries(a.*)","aggregatedBy":"sum"},"#
                + #""datapoints":[[1.5,60],[2.0,120],[3.0,180]]}]"#)
        let piped = try await Self.render("target=a.*|sumSeries()|alias('x')&from=0&until=180&format=json")
        #expect(piped == nested)
    }

    @Test(
        "many series that are read in parts give what they give at once",
        arguments: ["sum", "average", "min", "max", "diff", "rangeOf"])
    func parts(aggregation: String) async throws {
        var windows: [SeriesWindow] = []
        for number in 0..<1500 {
            var values: [Double] = []
            for index in 0..<5 {
                let isMissing = (number + index) % 7 == 0
                values.append(isMissing ? Double.nan : Double((number * 31 + index * 17) % 101))
            }
            windows.append(SeriesWindow(name: "m.s\(number)", start: 60, step: 60, values: values))
        }
        let many = MemorySeriesSource(windows)
        func evaluate(_ target: String) async throws -> GraphSeries {
            let request = try RenderRequest(
                FormFields([("target", target), ("from", "0"), ("until", "300")]), now: 300)
            let series = try await GraphEvaluator(source: many).evaluate(request)
            return try #require(series.first)
        }
        let parts = try await evaluate("\(aggregation)Series(m.*)")
        let whole = try await evaluate("aggregate(m.*,'\(aggregation)')")
        #expect(parts.values == whole.values)
        #expect(parts.name == "\(aggregation)Series(m.*)" && parts.name == whole.name)
        #expect(parts.start == whole.start && parts.end == whole.end && parts.step == whole.step)
        #expect(parts.pathExpression == whole.pathExpression)
        #expect(parts.tags.pairs.map(\.value) == whole.tags.pairs.map(\.value))
    }
}
