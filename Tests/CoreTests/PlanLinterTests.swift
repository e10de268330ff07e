import Core
import Simulation
import TestSupport
import Testing

/// The planner against the linter, over fabrics in every state that faults leave behind; and the
/// linter against plans that somebody has spoilt.
@Suite("The plan linter")
struct PlanLinterTests {
    private static let count: UInt64 = 3000

    @Test("finds nothing in what the planner makes", arguments: Seeds.ranges(of: count))
    func planner(seeds: Range<UInt64>) {
        for seed in seeds {
            let fabric = GeneratedFabric(seed: seed)
            guard Self.isUnsafe(fabric) else { continue }
            let smallest = fabric.shrunk(while: Self.isUnsafe)
            let plan = smallest.plan
            Issue.record(
                """
                seed \(seed): \(smallest.findings(in: plan).map(\.description).joined(separator: "\n"))
                \(PlanText.steps(plan.root).joined(separator: "\n"))
                \(smallest)
                """)
            return
        }
    }

    /// A plan that the planner itself says cannot be carried out is never begun.
    private static func isUnsafe(_ fabric: GeneratedFabric) -> Bool {
        let plan = fabric.plan
        return plan.refusal == nil && !fabric.findings(in: plan).isEmpty
    }

    /// How a plan is spoilt, and the rules of which one must find it.
    enum Spoiling: String, CaseIterable, Sendable {
        case neverAwaited
        case everythingAtOnce
        case backwards
        case installLeftOut
        case wrongNumbers
        case foreignHost
        case foreignApp
        case otherRelease
        case endlessTimeout
        case noSuccessor

        /// The others do no harm where what they take away was not relied on.
        var isAlwaysUnsafe: Bool { self != .neverAwaited && self != .noSuccessor }
    }

    @Test("finds what is wrong with a plan that was spoilt", arguments: Spoiling.allCases)
    func spoilt(_ spoiling: Spoiling) {
        var found = 0
        for seed in 1...400 {
            let fabric = GeneratedFabric(seed: UInt64(seed))
            guard let spoilt = Self.spoil(fabric.plan, spoiling) else { continue }
            if !fabric.findings(in: spoilt).isEmpty {
                found += 1
            } else if spoiling.isAlwaysUnsafe {
                Issue.record(
                    "seed \(seed), \(spoiling): nothing is found in\n\(PlanText.steps(spoilt.root).joined(separator: "\n"))"
                )
                return
            }
        }
        #expect(found > 20)
    }

    /// - Returns: nil where the plan has nothing that could be spoilt so.
    private static func spoil(_ plan: Plan, _ spoiling: Spoiling) -> Plan? {
        var steps = plan.steps
        guard !steps.isEmpty else { return nil }
        switch spoiling {
        case .neverAwaited: return rewritten(plan) { if case .awaitReady = $0.action { nil } else { $0 } }
        case .installLeftOut: return rewritten(plan) { if case .phase(_, _, .install) = $0.action { nil } else { $0 } }
        case .everythingAtOnce:
            let configured = steps.contains { if case .phase(_, _, .configure) = $0.action { true } else { false } }
            guard configured else { return nil }
            return replaced(plan, .parallel(title: "all", limit: 100, steps.map(PlanNode.step)))
        case .backwards:
            guard steps.contains(where: { if case .phase(_, _, .configure) = $0.action { true } else { false } }) else {
                return nil
            }
            steps.reverse()
            return numbered(plan, steps)
        case .wrongNumbers:
            guard steps.count > 1 else { return nil }
            steps.swapAt(0, 1)
            return replaced(plan, .sequential(title: "", steps.map(PlanNode.step)))
        case .endlessTimeout:
            steps[0].timeout = Interval(milliseconds: .max)
            return numbered(plan, steps)
        case .foreignHost:
            let stranger: HostName = SampleFabric.name("stranger")
            return rewritten(plan) { step in
                var step = step
                if case .awaitReady(_, let id) = step.action { step.action = .awaitReady(stranger, id) }
                return step
            }
        case .foreignApp:
            return rewritten(plan) { step in
                var step = step
                guard case .phase(let host, var id, let phase) = step.action else { return step }
                id.app = SampleFabric.name("bank")
                step.action = .phase(host, id, phase)
                return step
            }
        case .otherRelease:
            return rewritten(plan) { step in
                var step = step
                guard case .phase(let host, var id, .start) = step.action else { return step }
                id.release += 1
                step.action = .phase(host, id, .start)
                return step
            }
        case .noSuccessor:
            // What comes up is left out, and what it was to replace leaves all the same.
            guard steps.contains(where: isHandover), plan.kind != .reconcile else { return nil }
            return rewritten(plan) { step in
                switch step.action {
                case .traffic(let app, let duties, let drains):
                    var step = step
                    step.action = .traffic(app: app, duties: duties.filter { $0.duty != .serve }, drains: drains)
                    return step
                default: return step
                }
            }
        }
    }

    /// Gives traffic to some and takes it from others at once.
    private static func isHandover(_ step: Step) -> Bool {
        guard case .traffic(_, let duties, _) = step.action else { return false }
        return duties.contains { $0.duty == .serve } && duties.contains { $0.duty != .serve }
    }

    /// - Returns: nil when nothing changed.
    private static func rewritten(_ plan: Plan, _ change: (Step) -> Step?) -> Plan? {
        func rewrite(_ node: PlanNode) -> PlanNode? {
            switch node {
            case .step(let step): change(step).map(PlanNode.step)
            case .sequential(let title, let children): .sequential(title: title, children.compactMap(rewrite))
            case .parallel(let title, let limit, let children):
                .parallel(title: title, limit: limit, children.compactMap(rewrite))
            }
        }
        var count = 0
        func number(_ node: PlanNode) -> PlanNode {
            switch node {
            case .step(var step):
                count += 1
                step.id = count
                return .step(step)
            case .sequential(let title, let children): return .sequential(title: title, children.map(number))
            case .parallel(let title, let limit, let children):
                return .parallel(title: title, limit: limit, children.map(number))
            }
        }
        guard let root = rewrite(plan.root), root != plan.root else { return nil }
        return replaced(plan, number(root))
    }

    private static func numbered(_ plan: Plan, _ steps: [Step]) -> Plan {
        let numbered = steps.enumerated().map { index, step in
            var step = step
            step.id = index + 1
            return PlanNode.step(step)
        }
        return replaced(plan, .sequential(title: "", numbered))
    }

    private static func replaced(_ plan: Plan, _ root: PlanNode) -> Plan {
        var plan = plan
        plan.root = root
        return plan
    }
}
