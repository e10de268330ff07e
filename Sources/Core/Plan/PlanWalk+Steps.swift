/// What each kind of step needs, and what it changes.
extension PlanWalk {
    mutating func walk(_ step: Step) -> Effect {
        if let host = step.host { checkHost(host, step) }
        switch step.action {
        case .prefetch(_, let package):
            if package.app != plan.app { find(.subject, step, "it fetches a package of \(package.app)") }
            return Effect()
        case .phase(let host, let id, let phase): return move(InstanceKey(host: host, instance: id), phase, step)
        case .awaitReady(let host, let id): return awaitReady(InstanceKey(host: host, instance: id), step)
        case .traffic(let app, let duties, _):
            if app != plan.app { find(.subject, step, "it hands over traffic of \(app)") }
            return handOver(duties, step)
        case .link(let host, let app, let identity):
            if app != plan.app { find(.subject, step, "it links \(app)") }
            return link(host, identity, step)
        case .hold(let spec):
            if spec.app != plan.app || spec.release != plan.release {
                find(.subject, step, "it watches \(spec.app) r\(spec.release)")
            }
            return Effect()
        case .pause: return Effect()
        }
    }

    private mutating func checkHost(_ host: HostName, _ step: Step) {
        switch live.hosts[host]?.contact {
        case .connected, .silent: break
        case .lost: find(.host, step, "\(host) is lost")
        case .expected, nil: find(.host, step, "\(host) has never been heard from")
        }
    }

    /// - Returns: whether the instance is one of the plan's app.
    private mutating func checkSubject(_ id: InstanceID, _ step: Step) -> Bool {
        if id.app != plan.app { find(.subject, step, "\(id) is of another app") }
        return id.app == plan.app
    }

    /// Changes a mount point, and says what that does to the number of slots that are served.
    private mutating func change(_ key: InstanceKey, _ step: Step, _ body: (inout Mount) -> Void) -> Flow {
        var mount = mounts[key] ?? Mount()
        let before = mount
        body(&mount)
        mounts[key] = mount
        let slot = Slot(key.instance)
        if before.state == .running && mount.state != .running { running[slot]?.remove(key) }
        if before.state != .running && mount.state == .running { running[slot, default: []].insert(key) }
        guard isWanted(slot) else { return Flow(lowStep: step.id) }
        let difference = (mount.isEffective ? 1 : 0) - (before.isEffective ? 1 : 0)
        let count = effective[slot] ?? 0
        if difference != 0 { effective[slot] = count + difference }
        // Two that serve one slot are one too many, and no loss when one goes.
        let net = min(1, count + difference) - min(1, count)
        return Flow(net: net, low: min(0, net), lowStep: step.id)
    }

    // MARK: Phases

    private mutating func move(_ key: InstanceKey, _ phase: LifecyclePhase, _ step: Step) -> Effect {
        let id = key.instance
        guard checkSubject(id, step) else { return Effect() }
        let mount = mounts[key] ?? Mount()
        // What is there already is not done again.
        if mount.state != phase.from && mount.state != phase.to {
            find(.order, step, "\(key) is \(mount.state.rawValue) then, not \(phase.from.rawValue)")
        }
        switch phase {
        case .install, .configure, .start:
            if id.release != plan.release {
                find(.subject, step, "\(id) is not of the release that the plan leads to")
            }
            if phase == .start { checkTwice(key, step) }
        case .stop, .unconfigure, .uninstall:
            if mount.isServing { find(.replacement, step, "\(key) serves then") }
            if unconfirmed.contains(key) { find(.replacement, step, "a balancer may give \(key) requests then") }
        }
        let flow = change(key, step) { mount in
            if mount.state != phase.to { mount.isReady = false }
            mount.state = phase.to
            mount.movedBy = step.id
        }
        var effect = Effect()
        effect.touched[.mount(key)] = step.id
        if phase == .start && isSingle(id) { effect.touched[.starts(Slot(id))] = step.id }
        if phase == .stop && isSingle(id) { effect.touched[.stops(Slot(id))] = step.id }
        if flow.net != 0 { effect.flows[id.process] = flow }
        return effect
    }

    /// Whether only one instance of the slot may run, whatever its release.
    private func isSingle(_ id: InstanceID) -> Bool { release?.processes[id.process]?.replacement == .inPlace }

    private mutating func checkTwice(_ key: InstanceKey, _ step: Step) {
        guard isSingle(key.instance), let others = running[Slot(key.instance)] else { return }
        for other in others.sorted() where other != key { find(.twice, step, "\(other) runs then") }
    }

    private mutating func awaitReady(_ key: InstanceKey, _ step: Step) -> Effect {
        guard checkSubject(key.instance, step) else { return Effect() }
        if (mounts[key] ?? Mount()).state != .running { find(.order, step, "\(key) does not run then") }
        let flow = change(key, step) { $0.isReady = true }
        var effect = Effect()
        effect.touched[.mount(key)] = step.id
        if flow.net != 0 { effect.flows[key.instance.process] = flow }
        return effect
    }

    // MARK: Traffic

    private mutating func handOver(_ duties: [DutyChange], _ step: Step) -> Effect {
        var effect = Effect()
        effect.touched[.traffic] = step.id
        var leaving: [InstanceKey] = []
        for duty in duties {
            guard checkSubject(duty.instance, step) else { continue }
            let key = InstanceKey(host: duty.host, instance: duty.instance)
            let before = mounts[key] ?? Mount()
            let serves = duty.duty == .serve
            if serves { checkReadiness(before, key, step) }
            if effect.touched.updateValue(step.id, forKey: .mount(key)) != nil {
                find(.concurrent, step, "\(key) is given two duties at once")
            }
            if before.isEffective && !serves { leaving.append(key) }
            // All of a step is one change: nobody sees the middle of it.
            let flow = change(key, step) { $0.isServing = serves }
            effect.flows[duty.instance.process, default: Flow(lowStep: step.id)].net += flow.net
        }
        effect.flows = effect.flows.mapValues { Flow(net: $0.net, low: min(0, $0.net), lowStep: $0.lowStep) }
        for key in leaving { checkReplacement(key, step) }
        // It ends when every balancer has confirmed the newest configuration.
        unconfirmed = []
        return effect
    }

    private mutating func checkReadiness(_ mount: Mount, _ key: InstanceKey, _ step: Step) {
        // What serves already may be given another weight.
        if mount.isReady || mount.isServing { return }
        find(.readiness, step, "\(key) is given traffic, and nothing has seen it to be ready")
    }

    /// What is wanted leaves only when another of its slot serves, or will in its place.
    private mutating func checkReplacement(_ key: InstanceKey, _ step: Step) {
        let slot = Slot(key.instance)
        guard isWanted(slot), effective[slot, default: 0] <= 0 else { return }
        // That what serves then is ready, is looked at then.
        if let serve = ahead.lastServe[slot], order.isBefore(step.id, serve) { return }
        find(.replacement, step, "\(key) leaves, and nothing serves \(slot) after that")
    }

    func isWanted(_ slot: Slot) -> Bool {
        guard let process = release?.processes[slot.process] else { return false }
        return slot.number <= desired.instances(of: plan.app, process)
    }

    // MARK: Links

    private mutating func link(_ host: HostName, _ identity: Digest, _ step: Step) -> Effect {
        var effect = Effect()
        effect.touched[.link(host)] = step.id
        guard let release, identity == release.identity else {
            find(.subject, step, "it links \(identity.short), which is not the release that the plan leads to")
            return effect
        }
        let isThere = ahead.mounts(on: host).union(reported(on: host, release: release.number)).contains { key in
            guard key.instance.release == release.number, let mount = mounts[key], mount.state != .none else {
                return false
            }
            return mount.movedBy.map { order.isBefore($0, step.id) } ?? true
        }
        if !isThere { find(.order, step, "no step has brought \(release.label) to \(host) then") }
        return effect
    }

    private func reported(on host: HostName, release: Int) -> Set<InstanceKey> {
        let mine = (live.hosts[host]?.report?.instances ?? []).filter {
            $0.id.app == plan.app && $0.id.release == release
        }
        return Set(mine.map { InstanceKey(host: host, instance: $0.id) })
    }
}
