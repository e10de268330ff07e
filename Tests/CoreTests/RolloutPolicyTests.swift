import Core
import Foundation
import Testing

@Suite("Rollout policies")
struct RolloutPolicyTests {
    @Test(
        "percentages are read as they are written, and nothing else is",
        arguments: ["0%", "5%", "0.5%", "12.25%", "9999%"])
    func percent(text: String) throws {
        #expect(try Percent(text).description == text)
        let data = try JSONEncoder().encode(try Percent(text))
        #expect(try JSONDecoder().decode(Percent.self, from: data) == Percent(text))
    }

    @Test(
        "what is no percentage is refused",
        arguments: ["", "%", "5", "-5%", "+5%", "5.%", ".5%", "5.123%", "5 %", "1e2%", "100001%", "٣%", "5%%"])
    func notPercent(text: String) { #expect(throws: Problem.self) { try Percent(text) } }

    @Test("an allowance may be nothing")
    func allowance() throws {
        #expect(try Allowance("0") == .zero)
        #expect(try Allowance("0%") == .zero)
        #expect(try Allowance("25%").floor(of: 3) == 0)
        #expect(try Allowance("25%").ceiling(of: 3) == 1)
        #expect(try Allowance("7").ceiling(of: 3) == 3)
        #expect(throws: Problem.self) { try Allowance("-1") }
        #expect(throws: Problem.self) { try Allowance("101%") }
    }

    @Test("canaries together get their share of the requests, to half a percent of all or a tenth of itself")
    func weights() {
        for hundredths in [50, 100, 500, 1000, 2500, 5000, 9000] {
            for (canaries, others) in [(1, 1), (1, 3), (1, 10), (2, 8), (5, 5), (10, 90)] {
                let policy = CanaryPolicy(traffic: Percent(hundredths: hundredths))
                let weights = policy.weights(canaries: canaries, others: others)
                #expect((1...256).contains(weights.canary) && (1...256).contains(weights.other))
                let theirs = Double(canaries * weights.canary)
                let share = theirs / (theirs + Double(others * weights.other))
                let wanted = Double(hundredths) / 10_000
                #expect(
                    abs(share - wanted) <= max(0.005, wanted / 10), "\(hundredths) \(canaries) \(others) \(weights)")
            }
        }
    }

    @Test("what an earlier version has saved has the defaults of this one")
    func saved() throws {
        let text = #"{"batch":"50%","parallelMax":4,"warm":"10m","automaticRollback":true,"packagesKept":3}"#
        let policy = try JSONDecoder().decode(RolloutPolicy.self, from: Data(text.utf8))
        #expect(policy == RolloutPolicy(batch: .percent(50), parallelMax: 4, warm: .minutes(10)))
        let again = try JSONDecoder().decode(RolloutPolicy.self, from: JSONEncoder().encode(policy))
        #expect(again == policy)
    }

    @Test("a policy that nothing can follow is refused")
    func refused() {
        func code(_ policy: RolloutPolicy) -> String? {
            do throws(Problem) { try policy.check() } catch { return error.code }
            return nil
        }
        #expect(code(RolloutPolicy()) == nil)
        #expect(code(RolloutPolicy(unavailableMax: .zero, surge: .zero)) == "rollout.stuck")
        #expect(code(RolloutPolicy(pause: .switch)) == "rollout.pause")
        #expect(code(RolloutPolicy(strategy: .blueGreen, surge: .share(.count(1)))) == "rollout.surge")
        for point in RolloutPolicy.PausePoint.allCases {
            #expect(code(RolloutPolicy(strategy: point.strategy, pause: point)) == nil)
        }
        let overridden = RolloutOverrides(strategy: .rolling).applied(
            to: RolloutPolicy(strategy: .blueGreen, pause: .ready))
        #expect(code(overridden) == nil)
    }
}
