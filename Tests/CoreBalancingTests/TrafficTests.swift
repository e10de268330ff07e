import FoundationEssentials
import Testing

@testable import Core

@Suite struct TrafficTests {
    @Test(
        "A quantile is the recorded time, to a sixteenth of it",
        arguments: [0, 5, 31, 32, 100, 1_000, 77_777, 3_599_999_999])
    func quantile(microseconds: Int64) throws {
        var latency = Latency()
        latency.record(microseconds: microseconds)
        let found = try #require(latency.quantile(0.5))
        #expect(found >= microseconds && found <= microseconds + microseconds / 16)
    }

    @Test("Quantiles follow the nearest rank") func ranks() throws {
        var latency = Latency()
        for value in 1...20 { latency.record(microseconds: Int64(value)) }
        #expect(latency.quantile(0.5) == 10)
        #expect(latency.quantile(0.95) == 19)
        #expect(latency.quantile(1) == 20)
        #expect(Latency().quantile(0.5) == nil)
    }

    @Test("A histogram from elsewhere is looked at") func plausible() throws {
        var latency = Latency()
        latency.record(microseconds: 1)
        latency.record(microseconds: .max)
        #expect(latency.isPlausible)
        for text in [#"{"buckets":{"-1":1}}"#, #"{"buckets":{"100000":1}}"#, #"{"buckets":{"5":-3}}"#] {
            #expect(try !JSONDecoder().decode(Latency.self, from: Data(text.utf8)).isPlausible)
        }
    }
}
