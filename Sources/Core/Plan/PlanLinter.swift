/// Reads any plan, whoever made it, and says what is unsafe about it.
///
/// It shares no logic with the planner. It walks the tree as the execution would, and of what may
/// happen side by side assumes the worst order. It knows the models and records, the rules of the
/// lifecycle, and how much the rollout allows to be away; it does not know why a plan was made.
package struct PlanLinter: Sendable {
    /// How many instances of a routed process may be away at once, while none of them has failed.
    package struct Limits: Sendable {
        /// With whatever one deploy does otherwise.
        package var policy: RolloutPolicy

        package init(policy: RolloutPolicy) { self.policy = policy }

        /// - Parameter stopsFirst: whether an instance is stopped before its successor starts.
        package func away(_ process: ProcessSpec, of wanted: Int, kind: Plan.Kind, stopsFirst: Bool) -> Int {
            let allowed = policy.unavailableMax?.floor(of: wanted) ?? 0
            guard stopsFirst else { return allowed }
            // What must not run twice cannot do otherwise, and a repair has to go on somehow.
            let isWhole =
                kind == .deploy
                ? policy.strategy == .allAtOnce || policy.strategy == .blueGreen
                : kind == .rollback && process.replacement == .inPlace
            if isWhole && policy.unavailableMax != .zero { return wanted }
            if process.replacement == .inPlace && policy.unavailableMax == nil { return policy.batch.of(wanted) }
            return max(allowed, 1)
        }
    }

    static let stepsMax = 2_000_000
    static let depthMax = 32
    static let timeoutMax = Interval.minutes(60 * 24)
    static let packageBytesMax: Int64 = 1 << 40
    /// What is found beyond this many is the same again.
    static let findingsMax = 1000

    let desired: DesiredModel
    let live: LiveModel
    let records: [InstanceRecord]
    let limits: Limits

    /// - Parameter records: those of the plan's app; others are passed over.
    package init(
        desired: DesiredModel, live: LiveModel, records: some Sequence<InstanceRecord>, limits: Limits
    ) {
        self.desired = desired
        self.live = live
        self.records = Array(records)
        self.limits = limits
    }

    /// Everything that is unsafe, in the order of the steps. Empty for a plan that may be carried out.
    package func findings(in plan: Plan) -> [PlanFinding] {
        // The walk relies on numbers and nesting, so a plan of the wrong shape is read no further.
        let shape = Self.shape(of: plan)
        if !shape.isEmpty { return shape }
        var walk = PlanWalk(plan: plan, linter: self)
        return walk.findings()
    }

    private static func shape(of plan: Plan) -> [PlanFinding] {
        var count = 0
        var found: [PlanFinding] = []
        func read(_ node: PlanNode, depth: Int) {
            guard found.count < findingsMax, count <= stepsMax else { return }
            guard depth <= depthMax else { return found.append(PlanFinding(.shape, "it is nested too deeply")) }
            switch node {
            case .step(let step):
                count += 1
                if step.id != count {
                    found.append(PlanFinding(.shape, "step \(count) is numbered \(step.id)"))
                }
                found += sizes(of: step)
            case .sequential(_, let children): for child in children { read(child, depth: depth + 1) }
            case .parallel(let title, let limit, let children):
                if limit < 1 {
                    found.append(PlanFinding(.shape, "\(quotedForMessage(title)) lets \(limit) run at once"))
                }
                for child in children { read(child, depth: depth + 1) }
            }
        }
        read(plan.root, depth: 0)
        if count > stepsMax { found.append(PlanFinding(.shape, "it has more than \(stepsMax) steps")) }
        return found
    }

    private static func sizes(of step: Step) -> [PlanFinding] {
        var found: [PlanFinding] = []
        if step.timeout.milliseconds <= 0 || step.timeout > timeoutMax {
            found.append(PlanFinding(.shape, step: step.id, "it may take \(step.timeout.milliseconds) ms"))
        }
        switch step.action {
        case .prefetch(_, let package) where !(0...packageBytesMax).contains(package.size):
            found.append(PlanFinding(.shape, step: step.id, "its package has \(package.size) bytes"))
        case .traffic(_, let duties, _):
            if duties.isEmpty { found.append(PlanFinding(.shape, step: step.id, "it hands nothing over")) }
            for change in duties {
                if case .keepWarm(let interval) = change.duty,
                    interval.milliseconds <= 0 || interval > .minutes(60 * 24 * 366)
                {
                    found.append(
                        PlanFinding(
                            .shape, step: step.id, "\(change.instance) is kept warm for \(interval.milliseconds) ms"))
                }
            }
        case .prefetch, .phase, .awaitReady, .link, .hold, .pause: break
        }
        return found
    }
}
