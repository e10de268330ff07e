import Testing

@testable import Telemetry

@Suite("Relay flow")
struct RelayFlowTests {
    /// A year of a target that is there, away, slow and picky, by a seed.
    @Test(
        "a year: order is kept, nothing is lost below the bound, and the counts add up",
        arguments: 0..<2 as Range<UInt64>)
    func year(seed: UInt64) {
        var year = RelayYear(seed)
        year.run()
        year.finish()
        #expect(year.number > 10_000)
        #expect(year.kept.isEmpty)
        #expect(year.counts.taken == year.points.values.reduce(0, +))
        #expect(year.counts.sent == year.arrived.reduce(0) { $0 + (year.points[$1] ?? 0) })
        #expect(
            year.peak <= RelayYear.bytesMax + 2 * RelayYear.pointsMax * 10,
            "what waits is bounded, but for what travels")
        check(year.counts, year.arrived, dropped: year.dropped, refused: year.refused)
    }

    private func check(_ counts: RelayCounts, _ arrived: [UInt64], dropped: Int, refused: Int) {
        #expect(arrived == arrived.sorted(), "in the order in which they came")
        #expect(Set(arrived).count == arrived.count, "once each")
        #expect(counts.refused == refused)
        #expect(counts.dropped == dropped)
        #expect(counts.sent + counts.refused + counts.dropped == counts.taken)
        #expect((counts.waiting, counts.waitingBytes) == (0, 0))
        #expect(counts.dropped > 0 && counts.refused > 0, "the year had something in it")
    }

    @Test("nothing is dropped or counted as failed while the target takes everything")
    func calm() {
        var flow = RelayFlow()
        var actions: [RelayFlow.Action] = []
        for number in 1...3 as ClosedRange<UInt64> {
            actions += flow.receive(.queued(.init(number: number, points: 10, bytes: 100)), at: Int64(number))
        }
        #expect(actions.isEmpty, "They wait for more to go with them.")
        #expect(flow.receive(.tick, at: 1001) == [.send(1...3)])
        #expect(flow.receive(.delivered, at: 1002) == [.forget(1...3)])
        #expect(flow.counts.sent == 30 && flow.counts.dropped == 0 && flow.counts.failures == 0)
    }

    @Test("waits grow up to a bound, and a success ends them")
    func backoff() {
        var flow = RelayFlow()
        _ = flow.receive(.queued(.init(number: 1, points: 1, bytes: 1)), at: 0)
        var now: Int64 = 1000
        var waits: [Int64] = []
        #expect(flow.receive(.tick, at: now) == [.send(1...1)])
        for _ in 0..<9 {
            #expect(flow.receive(.failed, at: now) == [])
            let began = now
            while flow.receive(.tick, at: now).isEmpty { now += 1 }
            waits.append(now - began)
        }
        #expect(waits == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000])
        #expect(flow.failures == 9)
        #expect(flow.receive(.delivered, at: now) == [.forget(1...1)])
        #expect(flow.failures == 0)
    }

    @Test("one batch that is refused takes none of its neighbours with it")
    func poison() {
        var limits = RelayFlow.Limits()
        limits.pointsMax = 4000
        var flow = RelayFlow(limits: limits)
        var first: [RelayFlow.Action] = []
        for number in 1...3 as ClosedRange<UInt64> {
            first += flow.receive(.queued(.init(number: number, points: 1000, bytes: 1)), at: 0)
        }
        #expect(first + flow.receive(.tick, at: 1000) == [.send(1...3)])
        #expect(flow.receive(.refused, at: 1000) == [.send(1...1)])
        #expect(flow.receive(.delivered, at: 2000) == [.forget(1...1), .send(2...2)])
        #expect(flow.receive(.refused, at: 3000) == [.forget(2...2), .send(3...3)])
        #expect(flow.receive(.delivered, at: 4000) == [.forget(3...3)])
        #expect(flow.counts.sent == 2000 && flow.counts.refused == 1000)
    }
}

/// A year of a target that is there, away, slow and picky, by a seed.
private struct RelayYear {
    static let bytesMax = 400_000
    static let pointsMax = 5000

    private var random: SeededNumbers
    private var flow: RelayFlow
    private var now: Int64 = 1_700_000_000_000
    private var travelling: ClosedRange<UInt64>?
    private var poison: Set<UInt64> = []
    private(set) var number: UInt64 = 0
    private(set) var points: [UInt64: Int] = [:]
    private(set) var kept: Set<UInt64> = []
    private(set) var arrived: [UInt64] = []
    private(set) var peak = 0
    private(set) var dropped = 0
    private(set) var refused = 0

    var counts: RelayCounts { flow.counts }

    init(_ seed: UInt64) {
        random = SeededNumbers(seed)
        var limits = RelayFlow.Limits()
        limits.bytesMax = Self.bytesMax
        limits.pointsMax = Self.pointsMax
        flow = RelayFlow(limits: limits)
    }

    private mutating func chance(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }

    mutating func run() {
        let end = now + 365 * 86_400_000
        var isAway = false
        while now < end {
            now += Int64.random(in: 1...60_000, using: &random) * (chance(50) ? 60 : 1)
            if chance(40) { isAway.toggle() }
            if chance(2000) { now -= 3_600_000 }
            if !chance(3) { queue() }
            carry(flow.receive(.tick, at: now))
            peak = max(peak, flow.counts.waitingBytes)
            if !chance(4) { answer(isAway: isAway) }
        }
    }

    /// The target is well until nothing waits.
    mutating func finish() {
        for _ in 0..<100_000 where flow.counts.waiting > 0 {
            now += 30_000
            carry(flow.receive(.tick, at: now))
            answer(isAway: false)
        }
    }

    private mutating func queue() {
        number += 1
        let count = Int.random(in: 1...3000, using: &random)
        points[number] = count
        kept.insert(number)
        if chance(5000) { poison.insert(number) }
        carry(flow.receive(.queued(.init(number: number, points: count, bytes: count * 10)), at: now))
    }

    private mutating func answer(isAway: Bool) {
        guard let numbers = travelling else { return }
        travelling = nil
        let isPoisoned = numbers.contains { poison.contains($0) && kept.contains($0) }
        if isAway {
            carry(flow.receive(.failed, at: now))
        } else if isPoisoned {
            carry(flow.receive(.refused, at: now), refusing: true)
        } else {
            carry(flow.receive(.delivered, at: now), delivered: true)
        }
    }

    private mutating func carry(_ actions: [RelayFlow.Action], delivered: Bool = false, refusing: Bool = false) {
        for action in actions {
            switch action {
            case .send(let numbers):
                #expect(travelling == nil, "one shipment at a time")
                #expect(kept.contains(numbers.lowerBound), "what is sent is there")
                travelling = numbers
            case .forget(let numbers):
                for number in numbers where kept.remove(number) != nil {
                    if delivered {
                        arrived.append(number)
                    } else if refusing {
                        refused += points[number] ?? 0
                    } else {
                        dropped += points[number] ?? 0
                    }
                }
            }
        }
    }
}
