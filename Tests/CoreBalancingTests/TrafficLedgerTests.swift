import Testing

@testable import Core

@Suite("The ledger of traffic")
struct TrafficLedgerTests {
    private let host = HostName(checked: "edge-1")
    private let balancer = BalancerName(checked: "edge")
    private let shop = AppName(checked: "shop")

    private func server(_ instance: String, _ requests: Int64, failed: Int64 = 0, micro: Int64? = nil) throws
        -> ServerTraffic
    {
        var traffic = Traffic(requests: requests, failed: failed)
        if let micro { traffic.latency.record(microseconds: micro, times: requests) }
        return ServerTraffic(instance: try InstanceID(instance), traffic: traffic)
    }

    @Test("a balancer that begins again takes nothing away")
    func restart() throws {
        var ledger = TrafficLedger()
        ledger.count([], host: host, balancer: balancer)
        for (requests, failed) in [(10, 1), (25, 2), (4, 0), (9, 1)] as [(Int64, Int64)] {
            ledger.count([try server("shop.web.1.r7", requests, failed: failed)], host: host, balancer: balancer)
        }
        let served = try #require(ledger.served(by: shop)[7])
        #expect(served.requests == 34)
        #expect(served.failed == 3)
    }

    @Test("what was counted before a balancer was heard is not counted, and a new server begins at nothing")
    func first() throws {
        var ledger = TrafficLedger()
        ledger.count([try server("shop.web.1.r7", 1_000_000)], host: host, balancer: balancer, isLast: false)
        ledger.count([try server("shop.web.2.r7", 2_000_000)], host: host, balancer: balancer)
        #expect(ledger.served(by: shop) == [:])
        // What has not changed need not be told.
        ledger.count(
            [try server("shop.web.1.r7", 1_000_005), try server("shop.web.1.r8", 3)], host: host, balancer: balancer)
        ledger.count([try server("shop.web.2.r7", 2_000_001)], host: host, balancer: balancer)
        #expect(ledger.served(by: shop).mapValues(\.requests) == [7: 6, 8: 3])
    }

    @Test("a ledger that goes on from saved positions loses nothing and doubles nothing")
    func restored() throws {
        var ledger = TrafficLedger()
        ledger.count([try server("shop.web.1.r7", 100, micro: 50)], host: host, balancer: balancer)
        ledger.count([try server("shop.web.1.r7", 150, micro: 50)], host: host, balancer: balancer)
        let saved = ledger.positions(of: shop)
        // Counted, and lost with the control plane.
        ledger.count([try server("shop.web.1.r7", 170, micro: 50)], host: host, balancer: balancer)
        var next = TrafficLedger()
        next.restore(saved, of: shop)
        next.count(
            [
                try server("shop.web.1.r7", 180, micro: 50), try server("shop.web.1.r8", 7, micro: 90),
                try server("blog.web.1.r1", 5_000_000),
            ], host: host, balancer: balancer)
        #expect(next.served(by: shop).mapValues(\.requests) == [7: 80, 8: 7])
        // Times of requests that nobody was told of are left out rather than guessed.
        #expect(next.served(by: shop)[7]?.latency.count == 50)
        #expect(next.served(by: AppName(checked: "blog")) == [:])
    }

    @Test("what nobody expects is not counted, and takes no memory")
    func unexpected() throws {
        var ledger = TrafficLedger()
        ledger.count([], host: host, balancer: balancer)
        let empty = ledger
        for slot in 1...100 {
            ledger.count([try server("shop.web.\(slot).r9", 5)], host: host, balancer: balancer) { _ in false }
        }
        #expect(ledger == empty)
    }

    @Test("totals that leap up and down stop at the largest number")
    func overflow() throws {
        var ledger = TrafficLedger()
        ledger.count([], host: host, balancer: balancer)
        for _ in 1...5 {
            ledger.count([try server("shop.web.1.r7", .max / 2, micro: 7)], host: host, balancer: balancer)
            ledger.count([try server("shop.web.1.r7", 0)], host: host, balancer: balancer)
        }
        let served = try #require(ledger.served(by: shop)[7])
        #expect(served.requests == .max)
        #expect(served.latency.quantile(0.99) == 7)
    }

    @Test("releases that are forgotten do not count twice when they come again")
    func forget() throws {
        var ledger = TrafficLedger()
        ledger.count([], host: host, balancer: balancer)
        ledger.count([try server("shop.web.1.r7", 40, micro: 9)], host: host, balancer: balancer)
        ledger.forget(app: shop, except: [8])
        #expect(ledger.served(by: shop) == [:])
        ledger.count([try server("shop.web.1.r7", 42, micro: 9)], host: host, balancer: balancer)
        #expect(ledger.served(by: shop)[7]?.requests == 2)
    }
}
