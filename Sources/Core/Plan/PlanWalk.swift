/// A linter's walk through one plan: what each mount point would be after each step.
///
/// Steps are taken in the order of the text, which is one order that the execution may take. What
/// other orders could change is found beside it: no two steps that may run side by side touch one
/// thing, so each thing sees its steps in the order of the text; and how many instances serve is
/// added up for the worst order.
struct PlanWalk {
    /// How the count of a process's slots that are served changes over a part of the plan.
    struct Flow {
        var net = 0
        /// The lowest that it may be on the way, in the worst order; 0 or less.
        var low = 0
        /// The step that takes it there.
        var lowStep = 0
    }

    /// What a part of the plan does, by the number of the process; nothing for most steps.
    typealias Flows = [Int: Flow]

    let plan: Plan
    let release: Release?
    let routed: Set<ProcessName>
    let desired: DesiredModel
    let limits: PlanLinter.Limits
    let order: PlanOrder
    var subjects: PlanSubjects
    /// Who serves: one hand-over of an app at a time.
    var traffic = PlanTouches()
    /// The last step that gives traffic to an instance in each slot; nil: nobody has asked yet.
    var lastServes: [Slot: Int]?
    var found: [PlanFinding] = []
    /// What a balancer may give requests to, although it does not serve.
    var unconfirmed: Set<InstanceKey>

    init(plan: Plan, linter: PlanLinter) {
        self.plan = plan
        desired = linter.desired
        limits = linter.limits
        unconfirmed = linter.live.unconfirmed
        let app = linter.desired.configuration.apps[plan.app]
        release = app == nil ? nil : linter.desired.releases[plan.app]
        routed = Set((app?.routes ?? []).map(\.to))
        order = PlanOrder(plan.root)
        subjects = PlanSubjects(
            plan, release: release, desired: linter.desired, live: linter.live,
            records: linter.records.filter { $0.id.app == plan.app })
    }

    mutating func findings() -> [PlanFinding] {
        if let release, plan.release != release.number {
            found.append(
                PlanFinding(.subject, "it leads to r\(plan.release ?? 0), and r\(release.number) is desired"))
        }
        checkServing(walk(plan.root))
        return found.count > PlanLinter.findingsMax ? Array(found.prefix(PlanLinter.findingsMax)) : found
    }

    mutating func find(_ rule: PlanFinding.Rule, _ step: Step, _ text: String) {
        found.append(PlanFinding(rule, step: step.id, text))
    }

    // MARK: The tree

    private mutating func walk(_ node: PlanNode) -> Flows {
        switch node {
        case .step(let step): return walk(step)
        case .sequential(_, let children): return inOrder(children)
        case .parallel(_, 1, let children): return inOrder(children)
        case .parallel(_, let limit, let children): return sideBySide(children, limit: limit)
        }
    }

    private mutating func inOrder(_ children: [PlanNode]) -> Flows {
        var whole: Flows = [:]
        for child in children {
            for (process, flow) in walk(child) {
                var sum = whole[process] ?? Flow()
                if sum.net + flow.low < sum.low {
                    sum.low = sum.net + flow.low
                    sum.lowStep = flow.lowStep
                }
                sum.net += flow.net
                whole[process] = sum
            }
        }
        return whole
    }

    /// Of the children at most `limit` are in the middle of something; the others have ended, or
    /// have not begun. The worst is taken of each.
    private mutating func sideBySide(_ children: [PlanNode], limit: Int) -> Flows {
        var parts: [Int: [Flow]] = [:]
        for child in children {
            for (process, flow) in walk(child) { parts[process, default: []].append(flow) }
        }
        return parts.mapValues { parts in
            var sum = Flow()
            for part in parts {
                sum.net += part.net
                sum.low += min(0, part.net)
            }
            let losses = parts.map { (loss: min(0, $0.net) - $0.low, step: $0.lowStep) }.sorted { $0.loss > $1.loss }
            for part in losses.prefix(limit) { sum.low -= part.loss }
            sum.lowStep = losses.first?.step ?? 0
            return sum
        }
    }

    // MARK: How many serve

    private mutating func checkServing(_ flows: Flows) {
        for process in routed.sorted() {
            guard let number = subjects.process(process), let flow = flows[number], flow.low < 0,
                let spec = release?.processes[process]
            else { continue }
            let before = subjects.processes[number].servingBefore
            let wanted = desired.instances(of: plan.app, spec)
            let away = limits.away(
                spec, of: max(wanted, before), kind: plan.kind,
                stopsFirst: spec.replacement == .inPlace || PlanLookahead(plan).inPlace.contains(process))
            let floor = before - away
            guard before + flow.low < floor else { continue }
            found.append(
                PlanFinding(
                    .serving, step: flow.lowStep,
                    "\(plan.app).\(process) may be down to \(before + flow.low) serving instances, and the rollout allows no fewer than \(floor)"
                ))
        }
    }
}
