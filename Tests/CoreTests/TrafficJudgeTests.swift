import Core
import Simulation
import Testing

@Suite("Judging a release by its traffic")
struct TrafficJudgeTests {
    private func traffic(_ requests: Int64, failed: Int64 = 0, takes milliseconds: Int64 = 5) -> Traffic {
        var traffic = Traffic(requests: requests, failed: failed)
        traffic.latency.record(microseconds: milliseconds * 1000, times: requests)
        return traffic
    }

    private func outcomes(
        new: Traffic, old: Traffic, policy: JudgementPolicy = JudgementPolicy()
    ) -> [Judgement.Verdict.Outcome] {
        TrafficJudge(policy: policy, new: new, old: old).verdicts().map(\.outcome)
    }

    @Test("what does as well as the release before passes, whatever that fails itself")
    func same() {
        #expect(outcomes(new: traffic(1000), old: traffic(9000)) == [.passed, .passed])
        #expect(outcomes(new: traffic(1000, failed: 52), old: traffic(9000, failed: 450)) == [.passed, .passed])
        #expect(outcomes(new: traffic(1000, failed: 0), old: traffic(9000, failed: 450)) == [.passed, .passed])
    }

    @Test("more errors than allowed fail it, when they are too many for chance")
    func errors() {
        #expect(outcomes(new: traffic(1000, failed: 30), old: traffic(9000))[0] == .failed)
        // Two in a hundred may be chance where one in a hundred is usual.
        #expect(outcomes(new: traffic(100, failed: 2), old: traffic(900, failed: 9))[0] == .passed)
        #expect(outcomes(new: traffic(100, failed: 6), old: traffic(100, failed: 3))[0] == .passed)
        // Real, and less than what is allowed.
        #expect(outcomes(new: traffic(100_000, failed: 900), old: traffic(900_000))[0] == .passed)
        let strict = JudgementPolicy(errorsMax: Percent(hundredths: 0))
        #expect(outcomes(new: traffic(100_000, failed: 900), old: traffic(900_000), policy: strict)[0] == .failed)
    }

    @Test("few requests are no evidence for it, and enough against it when nearly all fail")
    func few() {
        #expect(outcomes(new: traffic(0), old: traffic(0)) == [.undecided, .undecided])
        #expect(outcomes(new: traffic(12), old: traffic(9000)) == [.undecided, .undecided])
        #expect(outcomes(new: traffic(1, failed: 1), old: traffic(9000))[0] == .undecided)
        #expect(outcomes(new: traffic(12, failed: 11), old: traffic(90))[0] == .failed)
    }

    @Test("a slow release fails; a difference of the machine's does not")
    func latency() {
        #expect(outcomes(new: traffic(1000, takes: 20), old: traffic(9000, takes: 10))[1] == .failed)
        #expect(outcomes(new: traffic(1000, takes: 13), old: traffic(9000, takes: 10))[1] == .passed)
        #expect(outcomes(new: traffic(1000, takes: 4), old: traffic(9000, takes: 1))[1] == .passed)
        #expect(outcomes(new: traffic(1000, takes: 5), old: traffic(9000, takes: 50))[1] == .passed)
    }

    @Test("of a thousand looks at a release that is as good as the other none condemns it while it is held")
    func looks() {
        var random = SeededRandom(seed: 7)
        var new = Traffic()
        var old = Traffic()
        var condemned = 0
        for _ in 0..<1000 {
            for _ in 0..<20 {
                new.requests += 1
                if random.chance(oneIn: 20) { new.failed += 1 }
            }
            for _ in 0..<100 {
                old.requests += 1
                if random.chance(oneIn: 20) { old.failed += 1 }
            }
            if TrafficJudge(policy: JudgementPolicy(), new: new, old: old).failsAlready { condemned += 1 }
        }
        #expect(condemned == 0)
    }

    @Test("of a hundred good releases at most a few are condemned at the end")
    func falseAlarms() {
        var random = SeededRandom(seed: 11)
        let strict = JudgementPolicy(errorsMax: Percent(hundredths: 0))
        let condemned = (0..<300).count { _ in
            let new = (0..<400).count { _ in random.chance(oneIn: 20) }
            let old = (0..<2000).count { _ in random.chance(oneIn: 20) }
            return outcomes(
                new: traffic(400, failed: Int64(new)), old: traffic(2000, failed: Int64(old)), policy: strict)[0]
                == .failed
        }
        #expect(condemned <= 9)
    }
}
