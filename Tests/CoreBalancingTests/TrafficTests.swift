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

    @Test("A balancer that begins again takes nothing away") func restart() throws {
        var ledger = TrafficLedger()
        let host = try HostName("edge-1")
        let balancer = try BalancerName("edge")
        let instance = try InstanceID("shop.web.1.r7")
        for (requests, failed) in [(10, 1), (25, 2), (4, 0), (9, 1)] as [(Int64, Int64)] {
            ledger.count(
                [ServerTraffic(instance: instance, traffic: Traffic(requests: requests, failed: failed))], host: host,
                balancer: balancer)
        }
        let served = try #require(ledger.served(by: instance.app)[7])
        #expect(served.requests == 34)
        #expect(served.failed == 3)
    }
}
