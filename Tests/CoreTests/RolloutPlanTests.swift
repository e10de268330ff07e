import Core
import Simulation
import TestSupport
import Testing

/// Plans of every strategy on fabrics drawn from seeds, walked step by step: at no time may fewer
/// serve, or more run, than the policy allows.
@Suite("Rollout plans")
struct RolloutPlanTests {
    private static let app = AppName(checked: "shop")

    /// A fabric on which release 1 serves, and what is asked of release 2.
    private struct Case {
        var fleet: SimulatedFleet
        var policy: RolloutPolicy
        var count: Int
    }

    private func draw(_ random: inout SeededRandom) throws -> Case {
        let count = Int.random(in: 1...9, using: &random)
        var policy = RolloutPolicy(
            strategy: random.pick(RolloutPolicy.Strategy.allCases) ?? .rolling,
            batch: random.chance(oneIn: 2)
                ? .count(Int.random(in: 1...4, using: &random)) : .percent(Int.random(in: 1...100, using: &random)),
            unavailableMax: random.pick([nil, .zero, .share(.count(1)), .share(.percent(30)), .share(.count(3))])
                ?? nil,
            surge: random.pick([nil, .share(.count(1)), .share(.percent(50)), .zero]) ?? nil,
            canary: CanaryPolicy(
                instances: .count(Int.random(in: 1...3, using: &random)),
                traffic: Percent(hundredths: Int.random(in: 1...99, using: &random) * 100)),
            parallelMax: 4, warm: random.chance(oneIn: 4) ? .seconds(0) : .minutes(5))
        if policy.strategy == .blueGreen { policy.surge = nil }
        if policy.surge == .zero && policy.unavailableMax.map({ $0 == .zero }) != false {
            policy.unavailableMax = .share(.count(1))
        }
        let isTight = random.chance(oneIn: 3)
        var configuration = SampleFabric.configuration()
        for number in 1...3 {
            let host = SampleFabric.host(
                "web-\(number)", memory: isTight ? .mebibytes(Int64.random(in: 3...8, using: &random) * 100) : nil)
            configuration.hosts[host.name] = host
        }
        configuration.apps[Self.app] = SampleFabric.app(
            "shop",
            processes: [
                SampleFabric.process("web", instances: count, memory: isTight ? .mebibytes(100) : nil),
                SampleFabric.process("worker", instances: 1, replacement: .inPlace),
            ], rollout: policy)
        var fleet = SimulatedFleet(seed: random.next(), delays: .fixed)
        fleet.isRemembering = false
        fleet.configure(configuration)
        fleet.run(for: .seconds(1))
        let spec = try #require(configuration.apps[Self.app])
        fleet.add(SampleFabric.release(spec, 1))
        try fleet.request(.init(app: Self.app, kind: .deploy, release: 1, requestedBy: "ana"))
        fleet.settle(within: .minutes(5))
        fleet.add(SampleFabric.release(spec, 2))
        return Case(fleet: fleet, policy: policy, count: count)
    }

    @Test("every plan keeps to its policy from step to step", arguments: Seeds.ranges(of: 400))
    func bounds(seeds: Range<UInt64>) throws {
        for seed in seeds {
            var random = SeededRandom(seed: seed)
            let drawn = try draw(&random)
            let plan = try drawn.fleet.orchestrator.plan(
                .init(app: Self.app, kind: .deploy, release: 2, requestedBy: "ana"), at: drawn.fleet.now)
            if plan.refusal != nil { continue }
            if let broken = walk(plan, drawn) {
                Issue.record(
                    "seed \(seed), \(drawn.policy): \(broken)\n\(PlanText.steps(plan.root).joined(separator: "\n"))")
                return
            }
        }
    }

    private func walk(_ plan: Plan, _ drawn: Case) -> String? {
        let web = ProcessName(checked: "web")
        var serving: Set<InstanceID> = []
        var running: Set<InstanceID> = []
        for record in drawn.fleet.orchestrator.records.values where record.duty == .serving && record.id.process == web
        {
            serving.insert(record.id)
            running.insert(record.id)
        }
        let total = serving.count
        let policy = drawn.policy
        let mayMiss = policy.unavailableMax.map { $0 == .zero ? 0 : max(1, $0.floor(of: drawn.count)) } ?? 1
        let missing = policy.strategy == .allAtOnce && policy.unavailableMax != Allowance.zero ? total : mayMiss
        let surge =
            switch policy.strategy {
            case .allAtOnce, .blueGreen: drawn.count
            case .rolling: policy.surge?.ceiling(of: drawn.count) ?? policy.batch.of(drawn.count)
            case .canary:
                max(
                    policy.surge?.ceiling(of: drawn.count) ?? policy.batch.of(drawn.count),
                    policy.canary.instances.of(drawn.count))
            }
        for step in plan.steps {
            switch step.action {
            case .phase(_, let id, .start) where id.process == web: running.insert(id)
            case .phase(_, let id, .stop) where id.process == web:
                if serving.contains(id) { return "step \(step.id) stops \(id), which serves" }
                running.remove(id)
            case .traffic(_, let duties, _):
                for duty in duties where duty.instance.process == web {
                    switch duty.duty {
                    case .serve:
                        if !running.contains(duty.instance) { return "step \(step.id) serves \(duty.instance)" }
                        serving.insert(duty.instance)
                    case .keepWarm, .leave:
                        serving.remove(duty.instance)
                        running.remove(duty.instance)
                    }
                }
            default: break
            }
            if serving.count < total - missing { return "step \(step.id): \(serving.count) of \(total) serve" }
            if running.count > total + surge {
                return "step \(step.id): \(running.count) run, \(surge) more than \(total) may"
            }
        }
        let old = serving.filter { $0.release != 2 }
        return serving.count == total && old.isEmpty ? nil : "in the end \(serving.sorted()) serve"
    }

    @Test("every strategy ends with the new release everywhere, whatever the weather", arguments: Seeds.ranges(of: 60))
    func ends(seeds: Range<UInt64>) throws {
        for seed in seeds {
            var random = SeededRandom(seed: seed)
            var drawn = try draw(&random)
            do throws(Problem) {
                try drawn.fleet.request(.init(app: Self.app, kind: .deploy, release: 2, requestedBy: "ana"))
            } catch {
                #expect(error.code == "rollout.no-memory")
                continue
            }
            drawn.fleet.run(for: .minutes(12))
            let serving = drawn.fleet.orchestrator.records.values.filter { $0.duty == .serving }
            #expect(serving.allSatisfy { $0.id.release == 2 && $0.weight == nil }, "seed \(seed)")
            #expect(drawn.fleet.violations.isEmpty, "seed \(seed)")
        }
    }
}
