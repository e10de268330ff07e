import Logs
import Telemetry
import Testing
@testable import ControlPlane

@Suite("Figures that lines say")
struct LineMeasuresTests {
    private func measures(_ lines: [String]) throws -> [LogMeasure] {
        let rules = [
            LogMeasureRule(name: "shop.packed", kind: .count, by: ["path"]),
            LogMeasureRule(name: "shop.took", kind: .timing("took")),
        ]
        let program = try LogProgram([
            LogPipeline(name: "all", steps: [LogStep.parse(.auto)] + rules.map { LogStep.measure($0) })
        ])
        var processor = LogProcessor(program, seed: 1)
        let stream = processor.builder.stream(["app": "shop"])
        for line in lines {
            Array(line.utf8).withUnsafeBytes { processor.take(ByteView($0), stream: stream, now: 1) }
        }
        return processor.takeMeasures()
    }

    @Test("become one snapshot of statsd: sums and single values, with tags that cannot end a line")
    func snapshot() throws {
        let waiting = LineMeasures(after: 7)
        #expect(waiting.take() == nil)
        waiting.add(try measures([#"{"msg":"a","path":"/x|y","took":10}"#, #"{"msg":"b","path":"/x|y","took":30}"#]))
        let snapshot = try #require(waiting.take())
        let names = snapshot.series.map { String(decoding: $0.name, as: UTF8.self) }.sorted()
        #expect(names == ["shop.packed;path=/x_y", "shop.took"], "\(names)")
        for series in snapshot.series {
            switch series.value {
            case .counter(let sum): #expect(sum == 2)
            case .timer(_, let values): #expect(values.sorted() == [10, 30])
            default: Issue.record("\(series)")
            }
        }
        #expect(waiting.take() == nil, "What was taken does not come again.")
    }
}
