import Core
import Simulation
import TestSupport
import Testing

/// What the linter says about steps that may run side by side, against a slow way to find them.
@Suite("Steps side by side")
struct PlanConcurrencyTests {
    private enum Thing: Hashable {
        case mount(InstanceKey)
        case starts(Slot)
        case stops(Slot)
        case link(HostName)
        case traffic
    }

    @Test("are found whatever the tree", arguments: Seeds.ranges(of: 1500))
    func found(seeds: Range<UInt64>) {
        var unsafe = 0
        for seed in seeds {
            let fabric = GeneratedFabric(seed: seed)
            var random = SeededRandom(seed: seed)
            var plan = fabric.plan
            var steps = plan.steps
            guard steps.count > 1 else { continue }
            for _ in 0..<3 { steps += steps.randomElement(using: &random).map { [$0] } ?? [] }
            if seed % 2 == 0 { steps.shuffle(using: &random) }
            for index in steps.indices { steps[index].id = index + 1 }
            plan.root = Self.tree(of: steps[...], depth: 0, &random)
            let isFound = fabric.findings(in: plan).contains { $0.rule == .concurrent }
            var isThere = false
            _ = Self.things(in: plan.root, single: Self.singles(fabric), &isThere)
            if isThere { unsafe += 1 }
            guard isFound != isThere else { continue }
            Issue.record(
                """
                seed \(seed): \(isThere ? "not found" : "found, and not there")
                \(PlanText.steps(plan.root).joined(separator: "\n"))
                """)
            return
        }
        #expect(unsafe > 100)
    }

    private static func singles(_ fabric: GeneratedFabric) -> Set<String> {
        Set(fabric.processes.filter { $0.replacement == .inPlace }.map(\.name))
    }

    private static func tree(of steps: ArraySlice<Step>, depth: Int, _ random: inout SeededRandom) -> PlanNode {
        if steps.count == 1, let step = steps.first { return .step(step) }
        if depth > 5 { return .sequential(title: "", steps.map(PlanNode.step)) }
        var children: [PlanNode] = []
        var rest = steps
        while !rest.isEmpty {
            let count = Int.random(in: 1...rest.count, using: &random)
            children.append(tree(of: rest.prefix(count), depth: depth + 1, &random))
            rest = rest.dropFirst(count)
        }
        return Int.random(in: 0..<6, using: &random) == 0
            ? .parallel(title: "", limit: Int.random(in: 1...3, using: &random), children)
            : .sequential(title: "", children)
    }

    /// - Returns: what the steps of a node touch. Notes whether two of them may touch one thing at once.
    private static func things(in node: PlanNode, single: Set<String>, _ clash: inout Bool) -> Set<Thing> {
        switch node {
        case .step(let step): return things(of: step, single: single)
        case .sequential(_, let children), .parallel(_, 1, let children):
            return children.reduce(into: []) { $0.formUnion(things(in: $1, single: single, &clash)) }
        case .parallel(_, _, let children):
            var all: Set<Thing> = []
            for child in children {
                let mine = things(in: child, single: single, &clash)
                clash = clash || mine.contains { conflicts(of: $0).contains { all.contains($0) } }
                all.formUnion(mine)
            }
            return all
        }
    }

    private static func things(of step: Step, single: Set<String>) -> Set<Thing> {
        switch step.action {
        case .phase(let host, let id, let phase):
            let mount = Thing.mount(InstanceKey(host: host, instance: id))
            guard single.contains(id.process.text) else { return [mount] }
            return phase == .start ? [mount, .starts(Slot(id))] : phase == .stop ? [mount, .stops(Slot(id))] : [mount]
        case .awaitReady(let host, let id): return [.mount(InstanceKey(host: host, instance: id))]
        case .traffic(_, let duties, _):
            return Set(duties.map { .mount(InstanceKey(host: $0.host, instance: $0.instance)) } + [.traffic])
        case .link(let host, _, _): return [.link(host)]
        case .prefetch, .hold, .pause: return []
        }
    }

    private static func conflicts(of thing: Thing) -> [Thing] {
        switch thing {
        case .starts(let slot): [thing, .stops(slot)]
        case .stops(let slot): [.starts(slot)]
        case .mount, .link, .traffic: [thing]
        }
    }
}
