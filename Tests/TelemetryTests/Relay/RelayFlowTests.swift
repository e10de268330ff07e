import Testing

@testable import Telemetry

@Suite("Relay flow")
struct RelayFlowTests {
    /// A year of a target that is there, away, slow and picky, by a seed.
    @Test(
        "a year: order is kept, nothing is lost below the bound, and the counts add up",
        arguments: 0..<2 as Range<UInt64>)
    func year(seed: UInt64) {
        var random = SeededNumbers(seed)
        var limits = RelayFlow.Limits()
        limits.bytesMax = 400_000
        limits.pointsMax = 5000
        var flow = RelayFlow(limits: limits)
        var now: Int64 = 1_700_000_000_000
        let end = now + 365 * 86_400_000
        var number: UInt64 = 0
        var points: [UInt64: Int] = [:]
        var bytes: [UInt64: Int] = [:]
        var kept: Set<UInt64> = []
        var arrived: [UInt64] = []
        var travelling: ClosedRange<UInt64>?
        var poison: Set<UInt64> = []
        var (peak, dropped, refused) = (0, 0, 0)
        var isAway = false

        func carry(_ actions: [RelayFlow.Action], delivered: Bool = false, refusing: Bool = false) {
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

        while now < end {
            now += Int64.random(in: 1...60_000, using: &random) * (Int.random(in: 0..<50, using: &random) == 0 ? 60 : 1)
            if Int.random(in: 0..<40, using: &random) == 0 { isAway.toggle() }
            if Int.random(in: 0..<2000, using: &random) == 0 { now -= 3_600_000 }
            if Int.random(in: 0..<3, using: &random) > 0 {
                number += 1
                let count = Int.random(in: 1...3000, using: &random)
                points[number] = count
                bytes[number] = count * 10
                kept.insert(number)
                if Int.random(in: 0..<5000, using: &random) == 0 { poison.insert(number) }
                carry(flow.receive(.queued(.init(number: number, points: count, bytes: count * 10)), at: now))
            }
            carry(flow.receive(.tick, at: now))
            peak = max(peak, flow.counts.waitingBytes)
            guard let numbers = travelling, Int.random(in: 0..<4, using: &random) > 0 else { continue }
            travelling = nil
            if isAway {
                carry(flow.receive(.failed, at: now))
            } else if numbers.contains(where: { poison.contains($0) && kept.contains($0) }) {
                carry(flow.receive(.refused, at: now), refusing: true)
            } else {
                carry(flow.receive(.delivered, at: now), delivered: true)
            }
        }
        isAway = false
        var rounds = 0
        while flow.counts.waiting > 0, rounds < 100_000 {
            rounds += 1
            now += 30_000
            carry(flow.receive(.tick, at: now))
            guard let numbers = travelling else { continue }
            travelling = nil
            let isPoisoned = numbers.contains { poison.contains($0) && kept.contains($0) }
            carry(
                flow.receive(isPoisoned ? .refused : .delivered, at: now), delivered: !isPoisoned, refusing: isPoisoned)
        }
        #expect(number > 10_000)
        #expect(kept.isEmpty)
        #expect(flow.counts.taken == points.values.reduce(0, +))
        #expect(flow.counts.sent == arrived.reduce(0) { $0 + (points[$1] ?? 0) })
        #expect(peak <= limits.bytesMax + 2 * limits.pointsMax * 10, "what waits is bounded, but for what travels")
        check(flow.counts, arrived, dropped: dropped, refused: refused)
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
