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
}
