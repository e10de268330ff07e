/// How a release takes over, by the strategy of the app's policy.
extension Planner {
    /// What is asked for of one release at a time goes its way; repairs and rollbacks go theirs.
    var strategy: RolloutPolicy.Strategy {
        switch options.kind {
        case .deploy: policy.strategy
        // What went before is known to work: going back to it takes one batch.
        case .rollback: .allAtOnce
        case .reconcile, .clean: .rolling
        }
    }

    /// Whether what is warm already serves before anything else happens. Where the new release is
    /// to be tried first, it waits for its turn.
    var takesOverAtOnce: Bool { strategy == .rolling || strategy == .allAtOnce }

    func rollout(of slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        let inPlace = takesOverAtOnce ? inPlaceSlots(of: slots) : []
        for var slot in slots {
            slot.isBeside = slot.isBeside && !inPlace.contains(slot.slot)
            note(slot, into: &builder)
        }
        switch strategy {
        case .rolling, .allAtOnce: return batches(of: slots, into: &builder)
        case .blueGreen: return switching(slots, into: &builder)
        case .canary: return trying(slots, into: &builder)
        }
    }

    /// The whole release is watched before the deploy has succeeded: what sickens seconds after its
    /// last instance has taken over goes back by itself.
    func settling(into builder: inout PlanBuilder) -> PlanNode? {
        guard options.kind == .deploy, policy.settle.milliseconds > 0, !slots.isEmpty, let release else { return nil }
        return hold(
            HoldSpec(app: app, release: release.number, time: policy.settle), reason: "it must stay healthy",
            into: &builder)
    }

    private func isDisplacing(_ slot: SlotChange) -> Bool {
        slot.displaced.contains { $0.instance.release != slot.target.instance.release }
    }

    private func byProcess(_ slots: [SlotChange]) -> [(process: ProcessName, slots: [SlotChange])] {
        let groups = Dictionary(grouping: slots, by: \.slot.process)
        return groups.keys.sorted { (rank($0), $0) < (rank($1), $1) }.map { ($0, groups[$0] ?? []) }
    }

    // MARK: Batches

    private func limits(of process: ProcessName, replacing count: Int) -> RolloutBatches {
        let total = max(release?.processes[process].map { desired.instances(of: app, $0) } ?? 0, count)
        let isInPlace = release?.processes[process]?.replacement == .inPlace
        let isWhole = strategy == .allAtOnce || strategy == .blueGreen
        let size = isWhole ? count : policy.batch.of(total)
        let surge = isWhole ? size : policy.surge?.ceiling(of: total) ?? size
        // Going back at once is for what runs beside: of what people reach, the rest goes step by step.
        var missing = isInPlace || (isWhole && options.kind == .deploy) ? size : 1
        if let allowed = policy.unavailableMax {
            // What is replaced in place is missing meanwhile, whatever is wanted; so is, in a
            // repair, what has no room.
            let isNeeded = isInPlace || options.kind != .deploy || allowed != .zero
            if !isWhole || allowed == .zero { missing = max(isNeeded ? 1 : 0, allowed.floor(of: total)) }
        }
        let spends = !isWhole && policy.unavailableMax.map { $0 != .zero } ?? false
        return RolloutBatches(size: size, surge: surge, missing: missing, spendsMissing: spends)
    }

    /// Slots that displace nothing take no traffic from anyone: they come up all at once.
    private func packed(_ process: ProcessName, _ slots: [SlotChange]) -> (batches: [[SlotChange]], stuck: [SlotChange])
    {
        let fresh = slots.filter { $0.displaced.isEmpty }
        let replacing = slots.filter { !$0.displaced.isEmpty }
        let packed = limits(of: process, replacing: replacing.count).packed(replacing)
        if fresh.isEmpty { return packed }
        if strategy == .allAtOnce, options.kind == .deploy, let first = packed.batches.first {
            return ([fresh + first] + packed.batches.dropFirst(), packed.stuck)
        }
        return ([fresh] + packed.batches, packed.stuck)
    }

    /// Slots that change in place because the policy leaves them no other way.
    private func inPlaceSlots(of slots: [SlotChange]) -> Set<Slot> {
        let batches = byProcess(slots).flatMap { packed($0.process, $0.slots).batches }
        return Set(batches.joined().filter { !$0.isBeside && $0.replacement == .beside }.map(\.slot))
    }

    private func batches(of slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        let processes = byProcess(slots).map { ($0.process, packed($0.process, $0.slots).batches) }
        var following = processes.reduce(0) { $0 + $1.1.count }
        var isFirst = true
        let mayPause = options.kind == .deploy && slots.contains(where: isDisplacing)
        var root: [PlanNode] = []
        for (process, batches) in processes {
            var nodes: [PlanNode] = []
            for (index, batch) in batches.enumerated() {
                let title = batches.count == 1 ? "\(app).\(process)" : "batch \(index + 1) of \(batches.count)"
                builder.append(.inOrder(title, changeBatch(batch, into: &builder)), to: &nodes)
                following -= 1
                if mayPause, following > 0, policy.pause == .eachBatch || (policy.pause == .firstBatch && isFirst) {
                    nodes.append(pause(policy.pause ?? .eachBatch, into: &builder))
                }
                isFirst = false
            }
            builder.append(.inOrder("\(app).\(process)", nodes), to: &root)
        }
        return root
    }

    private func pause(_ point: RolloutPolicy.PausePoint, into builder: inout PlanBuilder) -> PlanNode {
        builder.step(.pause(point), reason: "`pause: \(point.rawValue)` asks for it", timeout: Self.phaseTimeout)
    }

    // MARK: Blue and green

    private func switching(_ slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        let green = slots.filter { $0.replacement == .beside && $0.isBeside }
        guard green.contains(where: isDisplacing) else { return batches(of: slots, into: &builder) }
        var nodes: [PlanNode] = []
        builder.append(.inOrder("bring up beside", raise(green, into: &builder)), to: &nodes)
        if policy.pause == .ready {
            nodes.append(pause(.ready, into: &builder))
            // A person may have taken long: what was ready then has to be ready now.
            let again = green.map { slot in
                builder.step(
                    .awaitReady(slot.target.host, slot.target.instance), reason: "it must be ready still",
                    timeout: Self.phaseTimeout)
            }
            builder.append(.sideBySide("await again", limit: policy.parallelMax, again), to: &nodes)
        }
        builder.append(handover(of: green, into: &builder), to: &nodes)
        if policy.pause == .switch { nodes.append(pause(.switch, into: &builder)) }
        let rest = slots.filter { $0.replacement != .beside || !$0.isBeside }
        return nodes + batches(of: rest, into: &builder)
    }

    // MARK: Canary

    private func trying(_ slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        let canaries = canarySlots(of: slots)
        guard let release, let before = canaries.flatMap(\.displaced).map(\.instance.release).max() else {
            return batches(of: slots, into: &builder)
        }
        var nodes = raise(canaries, into: &builder)
        let (weighted, others) = canaryDuties(canaries)
        builder.append(
            traffic(
                weighted + others, drains: false,
                reason: "they get \(policy.canary.traffic) of the requests", into: &builder), to: &nodes)
        let spec = HoldSpec(
            app: app, release: release.number, time: policy.canary.hold,
            comparison: HoldSpec.Comparison(release: before, policy: policy.canary.judgement))
        nodes.append(hold(spec, reason: "it is judged before the rest follows", into: &builder))
        if policy.pause == .canary { nodes.append(pause(.canary, into: &builder)) }
        let displaced = Set(canaries.flatMap(\.displaced))
        let usual = others.filter { !displaced.contains(InstanceKey(host: $0.host, instance: $0.instance)) }.map {
            DutyChange(instance: $0.instance, host: $0.host, duty: .serve)
        }
        builder.append(handover(of: canaries, and: usual, into: &builder), to: &nodes)
        let tried = Set(canaries.map(\.slot))
        let rest = slots.filter { !tried.contains($0.slot) }
        return [.sequential(title: "canary", nodes)] + batches(of: rest, into: &builder)
    }

    /// The first slots of each process that is reached by requests; of every process, if none is.
    private func canarySlots(of slots: [SlotChange]) -> [SlotChange] {
        let changing = slots.filter(isDisplacing)
        let reached = changing.filter { $0.replacement == .beside }
        return byProcess(reached.isEmpty ? changing : reached).flatMap { _, slots in
            let process = slots.first.flatMap { release?.processes[$0.slot.process] }
            let total = process.map { desired.instances(of: app, $0) } ?? 0
            return slots.prefix(policy.canary.instances.of(max(total, slots.count)))
        }
    }

    /// What canaries serve with, and what those beside them serve with if that has to change.
    private func canaryDuties(_ canaries: [SlotChange]) -> (canaries: [DutyChange], others: [DutyChange]) {
        var duties: [DutyChange] = []
        var others: [DutyChange] = []
        for (process, slots) in byProcess(canaries) {
            let ending = Set(slots.filter { !$0.isBeside }.flatMap(\.displaced))
            let targets = Set(slots.map(\.target))
            let beside = records.values.filter { record in
                let key = InstanceKey(record)
                return record.id.process == process && record.duty == .serving && !ending.contains(key)
                    && !targets.contains(key)
            }.map(InstanceKey.init).sorted()
            let weights = policy.canary.weights(canaries: slots.count, others: beside.count)
            duties += slots.map {
                DutyChange(
                    instance: $0.target.instance, host: $0.target.host, duty: .serve,
                    weight: weights.canary == BalancerConfiguration.Server.weightUsual ? nil : weights.canary)
            }
            guard weights.other != BalancerConfiguration.Server.weightUsual else { continue }
            others += beside.map {
                DutyChange(instance: $0.instance, host: $0.host, duty: .serve, weight: weights.other)
            }
        }
        return (duties, others)
    }

    /// Servers with a weight that no canary needs any more.
    func strays() -> [DutyChange] {
        guard let release, !isHeld else { return [] }
        let weighted = records.values.filter { record in
            record.weight != nil && record.duty == .serving && record.id.release == release.number
        }
        if weighted.isEmpty { return [] }
        let changing = Set(slots.flatMap { [$0.target] + $0.displaced })
        return weighted.filter { !changing.contains(InstanceKey($0)) }.sorted { InstanceKey($0) < InstanceKey($1) }.map
        {
            DutyChange(instance: $0.id, host: $0.host, duty: .serve)
        }
    }

    // MARK: What cannot be

    /// Why the policy does not allow what the plan would do.
    func refusal() -> Problem? {
        guard options.kind == .deploy else { return nil }
        do throws(Problem) { try policy.check() } catch { return error }
        let stuck: [SlotChange] =
            strategy == .blueGreen
            ? slots.filter { $0.replacement == .beside && !$0.isBeside && isDisplacing($0) }
            : byProcess(slots).flatMap { packed($0.process, $0.slots).stuck }
        guard let first = stuck.first else { return nil }
        return Problem(
            "rollout.no-memory", "The rollout has no room.",
            cause: "\(first.target.host) has no memory for \(first.target.instance) beside what serves there"
                + (stuck.count > 1 ? ", and so it is for \(stuck.count - 1) more." : "."),
            remedy: strategy == .blueGreen
                ? "Give the hosts memory, or choose the strategy rolling."
                : "Give the hosts memory, or allow max-unavailable 1.")
    }
}
