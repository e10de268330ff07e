/// How slots, removals and links become steps.
extension Planner {
    static let installTimeout = Interval.minutes(10)
    static let phaseTimeout = Interval.minutes(2)
    private static let trafficTimeout = Interval.seconds(60)

    /// Every host gets the package before anything is touched, so that a host that cannot get it
    /// stops the rollout while all of the old release still serves.
    func prefetches(
        for slots: [SlotChange], and tasks: [OneOff], into builder: inout PlanBuilder
    ) -> PlanNode? {
        guard let release else { return nil }
        let hosts = inOrder(
            slots.filter { $0.state == .none }.map { ($0.hostNumber, $0.target.host) }
                + tasks.filter { state($0.target) == .none }.map {
                    (placement.number(of: $0.target.host), $0.target.host)
                })
        let nodes = hosts.map {
            builder.step(
                .prefetch($0, release.package), reason: "\(release.label) needs \(release.package.digest.short)",
                timeout: Self.installTimeout)
        }
        return .sideBySide("fetch packages", limit: policy.parallelMax, nodes)
    }

    /// What is ready takes over, and weights that an unfinished canary has left are as usual again.
    func takeover(of slots: [SlotChange], restoring strays: [DutyChange], into builder: inout PlanBuilder) -> PlanNode?
    {
        for slot in slots { note(slot, into: &builder) }
        return handover(of: slots, and: strays, into: &builder)
    }

    func note(_ slot: SlotChange, into builder: inout PlanBuilder) {
        let sign: Plan.Change.Sign =
            !slot.displaced.isEmpty ? (slot.isBeside ? .change : .replace) : slot.isNew ? .add : .change
        builder.note(sign, slot.target.instance.description, on: slot.target.host, reason: slot.reason)
    }

    func changeBatch(_ slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        var nodes = raise(slots, into: &builder)
        builder.append(trial(of: slots, into: &builder), to: &nodes)
        builder.append(handover(of: slots, into: &builder), to: &nodes)
        return nodes
    }

    /// Brings instances up until they are ready. Those that are replaced in place end first.
    func raise(_ slots: [SlotChange], into builder: inout PlanBuilder) -> [PlanNode] {
        var nodes: [PlanNode] = []
        let limit = policy.parallelMax
        let inPlace = slots.filter { !$0.isBeside && !$0.displaced.isEmpty }
        if !inPlace.isEmpty {
            let prepared = inPlace.compactMap { slot in
                PlanNode.inOrder("prepare \(slot.target)", phases(of: slot, upTo: .stopped, into: &builder))
            }
            builder.append(.sideBySide("prepare", limit: limit, prepared), to: &nodes)
            let duties = inPlace.flatMap { displacedDuties($0) }
            builder.append(
                traffic(duties, drains: true, reason: "their successors take their place", into: &builder), to: &nodes)
        }
        let raised = slots.compactMap { slot in
            PlanNode.inOrder("bring up \(slot.target)", bringUp(slot, into: &builder))
        }
        builder.append(.sideBySide("bring up", limit: limit, raised), to: &nodes)
        return nodes
    }

    /// A repair takes nothing from an instance that works before its successor has proved that it does.
    private func trial(of slots: [SlotChange], into builder: inout PlanBuilder) -> PlanNode? {
        guard options.kind == .reconcile, policy.settle.milliseconds > 0, let release else { return nil }
        let displacesReady = slots.contains { slot in
            slot.isBeside && slot.displaced.contains { isInContact($0.host) && liveInstance($0)?.isReady == true }
        }
        guard displacesReady else { return nil }
        return hold(
            HoldSpec(app: app, release: release.number, time: policy.settle),
            reason: "what works is only displaced by what works", into: &builder)
    }

    func hold(_ hold: HoldSpec, reason: String, into builder: inout PlanBuilder) -> PlanNode {
        builder.step(.hold(hold), reason: reason, timeout: hold.time)
    }

    /// Gives slots their duty, takes it from those that they displace, and removes what leaves.
    func handover(
        of slots: [SlotChange], and others: [DutyChange] = [], into builder: inout PlanBuilder
    ) -> PlanNode? {
        let displaced = slots.flatMap { displacedDuties($0) }
        let duties =
            slots.filter { !$0.isServing || !$0.displaced.isEmpty }
            .map { DutyChange(instance: $0.target.instance, host: $0.target.host, duty: .serve) } + displaced + others
        let leaving = displaced.filter { $0.duty == .leave }.map { InstanceKey(host: $0.host, instance: $0.instance) }
        var nodes: [PlanNode] = []
        let isDeploy = slots.contains { !$0.displaced.isEmpty }
        builder.append(
            traffic(
                duties, drains: !leaving.isEmpty,
                reason: isDeploy ? "they are ready, and take over" : "they are ready", into: &builder), to: &nodes)
        builder.append(
            removals(of: leaving, title: "remove what was replaced", into: &builder, noted: true), to: &nodes)
        return .inOrder("hand over", nodes)
    }

    func displacedDuties(_ slot: SlotChange) -> [DutyChange] {
        slot.displaced.map { key in
            let isAnotherRelease = key.instance.release != slot.target.instance.release
            let stays =
                options.keepsWarm && isAnotherRelease && policy.warm.milliseconds > 0
                && !standing[key.host].isLeaving && key.host == slot.target.host
            return DutyChange(instance: key.instance, host: key.host, duty: stays ? .keepWarm(policy.warm) : .leave)
        }
    }

    func traffic(
        _ duties: [DutyChange], drains: Bool, reason: String, into builder: inout PlanBuilder
    ) -> PlanNode? {
        duties.isEmpty
            ? nil
            : builder.step(
                .traffic(app: app, duties: duties, drains: drains), reason: reason,
                timeout: Self.trafficTimeout + (drains ? policy.drain : .seconds(0)))
    }

    func bringUp(_ slot: SlotChange, into builder: inout PlanBuilder) -> [PlanNode] {
        let isPrepared = !slot.isBeside && !slot.displaced.isEmpty
        var nodes = isPrepared ? [] : phases(of: slot, upTo: .stopped, into: &builder)
        if isPrepared {
            // Also one that seems to be stopped: the two must not run at once, and stopping twice is nothing.
            for old in slot.displaced where isInContact(old.host) && [.running, .stopped].contains(state(old)) {
                nodes.append(step(.stop, of: old, reason: "\(slot.target.instance) takes its place", into: &builder))
            }
        }
        for old in slot.stillRunning
        where records[old]?.duty.isKeptWarm == true && !isSurplus(old) && evictions[old] == nil {
            nodes.append(step(.stop, of: old, reason: "only one of \(slot.slot) may run", into: &builder))
        }
        if slot.state != .running {
            nodes.append(step(.start, of: slot.target, reason: slot.reason, into: &builder))
        }
        nodes.append(
            builder.step(
                .awaitReady(slot.target.host, slot.target.instance), reason: "it must be ready before it serves",
                timeout: slot.startup))
        return nodes
    }

    /// The phases from where the slot's target is up to `stopped`.
    private func phases(
        of slot: SlotChange, upTo goal: LifecycleState, into builder: inout PlanBuilder
    ) -> [PlanNode] {
        var nodes: [PlanNode] = []
        if slot.state == .none {
            nodes.append(step(.install, of: slot.target, reason: slot.reason, into: &builder))
        }
        if slot.state == .none || slot.state == .installed {
            nodes.append(step(.configure, of: slot.target, reason: slot.reason, into: &builder))
        }
        return nodes
    }

    /// Stops and removes instances on hosts that can be reached.
    func removals(
        of keys: [InstanceKey], title: String, into builder: inout PlanBuilder, noted: Bool = false
    ) -> PlanNode? {
        let nodes = keys.filter { isInContact($0.host) }.compactMap { key in
            let reason = removalReason(key)
            if !noted { builder.note(.remove, key.instance.description, on: key.host, reason: reason) }
            var steps: [PlanNode] = []
            let state = state(key)
            if state == .running { steps.append(step(.stop, of: key, reason: reason, into: &builder)) }
            if state == .running || state == .stopped {
                steps.append(step(.unconfigure, of: key, reason: reason, into: &builder))
            }
            steps.append(step(.uninstall, of: key, reason: reason, into: &builder))
            return PlanNode.inOrder("remove \(key)", steps)
        }
        return .sideBySide(title, limit: policy.parallelMax, nodes)
    }

    /// Serving instances that nothing replaces: traffic first, then the rest.
    func retirement(of keys: [InstanceKey], into builder: inout PlanBuilder) -> PlanNode? {
        guard !keys.isEmpty else { return nil }
        let duties = keys.map { DutyChange(instance: $0.instance, host: $0.host, duty: .leave) }
        var nodes: [PlanNode] = []
        builder.append(traffic(duties, drains: true, reason: "they are no longer wanted", into: &builder), to: &nodes)
        builder.append(removals(of: keys, title: "remove", into: &builder), to: &nodes)
        return .inOrder("retire", nodes)
    }

    private func removalReason(_ key: InstanceKey) -> String {
        if release == nil { return "\(app) is no longer in the configuration" }
        if let needed = evictions[key] { return "its memory is needed by \(needed)" }
        switch records[key]?.duty {
        case .warm(let until) where until <= now: return "it has been warm for long enough"
        case .warm: return "r\(key.instance.release) is two releases back"
        case .starting: return "r\(key.instance.release) was not completed"
        case .leaving: return "it no longer serves"
        case .serving, nil: return "it is no longer wanted"
        }
    }

    func links(after slots: [SlotChange], into builder: inout PlanBuilder) -> PlanNode? {
        guard let release, !isHeld, options.filter == nil else { return nil }
        // A slot may wait, for a host that is silent say: then its host has nothing to link yet.
        var brought = Set(slots.map(\.hostNumber))
        for place in places where place.state != .none { brought.insert(place.hostNumber) }
        let hosts = inOrder(
            places.filter { $0.isInContact && !$0.isLinked && brought.contains($0.hostNumber) }.map {
                ($0.hostNumber, $0.target.host)
            })
        let nodes = hosts.map {
            builder.step(
                .link($0, app, releaseIdentity: release.identity), reason: "\(release.label) runs there now",
                timeout: Self.phaseTimeout)
        }
        return .sideBySide("link", limit: policy.parallelMax, nodes)
    }

    func step(
        _ phase: LifecyclePhase, of key: InstanceKey, reason: String, into builder: inout PlanBuilder
    ) -> PlanNode {
        let stopTimeout = (release?.processes[key.instance.process]?.stop.timeout ?? .seconds(30)) + .seconds(30)
        let timeout = phase == .install ? Self.installTimeout : phase == .stop ? stopTimeout : Self.phaseTimeout
        return builder.step(.phase(key.host, key.instance, phase), reason: reason, timeout: timeout)
    }
}
