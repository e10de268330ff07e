/// A linter's walk through one plan: what each mount point would be after each step.
///
/// Steps are taken in the order of the text, which is one order that the execution may take. What
/// other orders could change is found beside it: no two steps that may run side by side touch one
/// thing, so each thing sees its steps in the order of the text; and how many instances serve is
/// added up for the worst order.
struct PlanWalk {
    /// Something that steps change, or whose state they rely on.
    enum Subject: Hashable {
        case mount(InstanceKey)
        /// Something starts in a slot whose instances must not run twice, or stops there.
        case starts(Slot)
        case stops(Slot)
        /// The link of the app on a host.
        case link(HostName)
        /// Who serves: one hand-over of an app at a time.
        case traffic

        /// What may not be touched beside it.
        var conflicts: [Subject] {
            switch self {
            case .starts(let slot): [.starts(slot), .stops(slot)]
            case .stops(let slot): [.starts(slot)]
            case .mount, .link, .traffic: [self]
            }
        }
    }

    /// A mount point as far as the walk has come.
    struct Mount {
        var state = LifecycleState.none
        var isReady = false
        var isServing = false
        /// The last step that moved it through a phase.
        var movedBy: Int?

        /// Whether people are served by it.
        var isEffective: Bool { isServing && isReady }
    }

    /// How the count of a process's slots that are served changes over a part of the plan.
    struct Flow {
        var net = 0
        /// The lowest that it may be on the way, in the worst order; 0 or less.
        var low = 0
        /// The step that takes it there.
        var lowStep = 0
    }

    /// What a part of the plan does.
    struct Effect {
        var touched: [Subject: Int] = [:]
        var flows: [ProcessName: Flow] = [:]
    }

    let plan: Plan
    let desired: DesiredModel
    let live: LiveModel
    let release: Release?
    let routed: Set<ProcessName>
    let limits: PlanLinter.Limits
    let order: PlanOrder
    let ahead: PlanLookahead
    var mounts: [InstanceKey: Mount] = [:]
    /// How many instances serve a slot that is wanted, and are ready. What is not wanted may go
    /// whenever it likes, and makes up for nothing.
    var effective: [Slot: Int] = [:]
    /// Mount points of each slot that run.
    var running: [Slot: Set<InstanceKey>] = [:]
    var servingBefore: [ProcessName: Int] = [:]
    var found: [PlanFinding] = []
    /// What a balancer may give requests to, although it does not serve.
    var unconfirmed: Set<InstanceKey>

    init(plan: Plan, linter: PlanLinter) {
        self.plan = plan
        desired = linter.desired
        live = linter.live
        limits = linter.limits
        unconfirmed = linter.live.unconfirmed
        let app = linter.desired.configuration.apps[plan.app]
        release = app == nil ? nil : linter.desired.releases[plan.app]
        routed = Set((app?.routes ?? []).map(\.to))
        order = PlanOrder(plan.root)
        ahead = PlanLookahead(plan)
        begin(records: linter.records.filter { $0.id.app == plan.app })
    }

    private mutating func begin(records: [InstanceRecord]) {
        let hosts = Set(records.map(\.host)).union(ahead.hosts)
        for host in hosts {
            let isInContact = live.hosts[host]?.contact == .connected
            for instance in live.hosts[host]?.report?.instances ?? [] where instance.id.app == plan.app {
                let key = InstanceKey(host: host, instance: instance.id)
                mounts[key] = Mount(state: instance.state, isReady: isInContact && instance.isReady)
                if instance.state == .running && isInContact { running[Slot(instance.id), default: []].insert(key) }
            }
        }
        for record in records where record.duty == .serving {
            let key = InstanceKey(record)
            mounts[key, default: Mount()].isServing = true
            guard isWanted(Slot(record.id)), mounts[key]?.isEffective == true else { continue }
            if effective[Slot(record.id)] == nil { servingBefore[record.id.process, default: 0] += 1 }
            effective[Slot(record.id), default: 0] += 1
        }
    }

    mutating func findings() -> [PlanFinding] {
        if let release, plan.release != release.number {
            found.append(
                PlanFinding(.subject, "it leads to r\(plan.release ?? 0), and r\(release.number) is desired"))
        }
        let effect = walk(plan.root)
        checkServing(effect.flows)
        return found.count > PlanLinter.findingsMax ? Array(found.prefix(PlanLinter.findingsMax)) : found
    }

    mutating func find(_ rule: PlanFinding.Rule, _ step: Step, _ text: String) {
        found.append(PlanFinding(rule, step: step.id, text))
    }

    // MARK: The tree

    private mutating func walk(_ node: PlanNode) -> Effect {
        switch node {
        case .step(let step): return walk(step)
        case .sequential(_, let children): return inOrder(children)
        case .parallel(_, 1, let children): return inOrder(children)
        case .parallel(_, let limit, let children): return sideBySide(children, limit: limit)
        }
    }

    private mutating func inOrder(_ children: [PlanNode]) -> Effect {
        var whole = Effect()
        for child in children {
            let part = walk(child)
            whole.take(touched: part.touched)
            for (process, flow) in part.flows {
                var sum = whole.flows[process] ?? Flow()
                if sum.net + flow.low < sum.low {
                    sum.low = sum.net + flow.low
                    sum.lowStep = flow.lowStep
                }
                sum.net += flow.net
                whole.flows[process] = sum
            }
        }
        return whole
    }

    /// Of the children at most `limit` are in the middle of something; the others have ended, or
    /// have not begun. The worst is taken of each.
    private mutating func sideBySide(_ children: [PlanNode], limit: Int) -> Effect {
        var whole = Effect()
        var flows: [ProcessName: [Flow]] = [:]
        for child in children {
            let part = walk(child)
            for clash in whole.take(touched: part.touched) {
                found.append(
                    PlanFinding(
                        .concurrent, step: clash.second,
                        "it may run beside step \(clash.first), and both change \(describe(clash.subject))"))
            }
            for (process, flow) in part.flows { flows[process, default: []].append(flow) }
        }
        for (process, parts) in flows {
            var sum = Flow()
            for part in parts {
                sum.net += part.net
                sum.low += min(0, part.net)
            }
            let losses = parts.map { (loss: min(0, $0.net) - $0.low, step: $0.lowStep) }.sorted { $0.loss > $1.loss }
            for part in losses.prefix(limit) { sum.low -= part.loss }
            sum.lowStep = losses.first?.step ?? 0
            whole.flows[process] = sum
        }
        return whole
    }

    private func describe(_ subject: Subject) -> String {
        switch subject {
        case .mount(let key): "\(key)"
        case .starts(let slot), .stops(let slot): "\(slot), which must not run twice"
        case .link(let host): "the link on \(host)"
        case .traffic: "the traffic of \(plan.app)"
        }
    }

    // MARK: How many serve

    private mutating func checkServing(_ flows: [ProcessName: Flow]) {
        for process in routed.sorted() {
            guard let flow = flows[process], let spec = release?.processes[process] else { continue }
            let before = servingBefore[process] ?? 0
            let wanted = desired.instances(of: plan.app, spec)
            let away = limits.away(
                spec, of: max(wanted, before), kind: plan.kind,
                stopsFirst: spec.replacement == .inPlace || ahead.inPlace.contains(process))
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

extension PlanWalk.Effect {
    /// - Returns: what may not be touched twice and is, with the steps that do.
    @discardableResult
    fileprivate mutating func take(
        touched other: [PlanWalk.Subject: Int]
    ) -> [(subject: PlanWalk.Subject, first: Int, second: Int)] {
        // The smaller into the larger, so that a deep plan costs no more than a flat one.
        var clashes: [(subject: PlanWalk.Subject, first: Int, second: Int)] = []
        if touched.count < other.count {
            let mine = touched
            touched = other
            for (subject, first) in mine {
                for conflict in subject.conflicts {
                    if let second = other[conflict] { clashes.append((subject, first, second)) }
                }
                touched[subject] = touched[subject] ?? first
            }
        } else {
            for (subject, second) in other {
                for conflict in subject.conflicts {
                    if let first = touched[conflict] { clashes.append((subject, first, second)) }
                }
            }
            for (subject, second) in other { touched[subject] = second }
        }
        return clashes
    }
}
