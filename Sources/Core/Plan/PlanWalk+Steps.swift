/// What each kind of step needs, and what it changes.
extension PlanWalk {
    mutating func walk(_ step: Step) -> Flows {
        if let host = subjects.host(of: step) { checkHost(subjects.hosts[host], step) }
        switch step.action {
        case .prefetch(_, let package):
            if package.app != plan.app { find(.subject, step, "it fetches a package of \(package.app)") }
        case .phase(_, let id, let phase):
            if checkSubject(id, step) { return move(subjects.subject(of: step), phase, step) }
        case .awaitReady(_, let id):
            if checkSubject(id, step) { return awaitReady(subjects.subject(of: step), step) }
        case .traffic(let app, let duties, _):
            if app != plan.app { find(.subject, step, "it hands over traffic of \(app)") }
            return handOver(duties, step)
        case .link(_, let app, let identity):
            if app != plan.app { find(.subject, step, "it links \(app)") }
            link(subjects.subject(of: step), identity, step)
        case .hold(let spec):
            if spec.app != plan.app || spec.release != plan.release {
                find(.subject, step, "it watches \(spec.app) r\(spec.release)")
            }
        case .pause: break
        }
        return [:]
    }

    private mutating func checkHost(_ host: PlanSubjects.Host, _ step: Step) {
        switch host.contact {
        case .connected, .silent: break
        case .lost: find(.host, step, "\(host.name) is lost")
        case .expected, nil: find(.host, step, "\(host.name) has never been heard from")
        }
    }

    /// - Returns: whether the instance is one of the plan's app.
    private mutating func checkSubject(_ id: InstanceID, _ step: Step) -> Bool {
        if id.app != plan.app { find(.subject, step, "\(id) is of another app") }
        return id.app == plan.app
    }

    /// What no two steps change that may run side by side.
    private enum Thing {
        case mount(InstanceKey)
        case slot(Slot)
        case link(HostName)
        case traffic
    }

    private mutating func check(_ others: PlanTouches, _ thing: Thing, _ step: Step) {
        guard let other = others.beside(step.id, in: order) else { return }
        let name =
            switch thing {
            case .mount(let key): "\(key)"
            case .slot(let slot): "\(slot), which must not run twice"
            case .link(let host): "the link on \(host)"
            case .traffic: "the traffic of \(plan.app)"
            }
        find(.concurrent, step, "it may run beside step \(other), and both change \(name)")
    }

    /// Changes a mount point, and says what that does to the number of slots that are served.
    private mutating func change(
        _ number: Int, _ step: Step, _ body: (inout PlanSubjects.Mount) -> Void
    ) -> Flow {
        check(subjects.mounts[number].touches, .mount(subjects.mounts[number].key), step)
        subjects.mounts[number].touches.add(step.id, in: order)
        let wasRunning = subjects.mounts[number].state == .running
        let wasEffective = subjects.mounts[number].isEffective
        body(&subjects.mounts[number])
        let slot = subjects.mounts[number].slot
        let isRunning = subjects.mounts[number].state == .running
        if wasRunning && !isRunning { subjects.slots[slot].running.remove(number) }
        if !wasRunning && isRunning { subjects.slots[slot].running.insert(number) }
        let difference = (subjects.mounts[number].isEffective ? 1 : 0) - (wasEffective ? 1 : 0)
        guard difference != 0, subjects.slots[slot].isWanted else { return Flow(lowStep: step.id) }
        let count = subjects.slots[slot].effective
        subjects.slots[slot].effective = count + difference
        // Two that serve one slot are one too many, and no loss when one goes.
        let net = min(1, count + difference) - min(1, count)
        return Flow(net: net, low: min(0, net), lowStep: step.id)
    }

    private func process(of mount: Int) -> Int { subjects.slots[subjects.mounts[mount].slot].process }

    // MARK: Phases

    private mutating func move(_ number: Int, _ phase: LifecyclePhase, _ step: Step) -> Flows {
        let mount = subjects.mounts[number]
        // What is there already is not done again.
        if mount.state != phase.from && mount.state != phase.to {
            find(.order, step, "\(mount.key) is \(mount.state.rawValue) then, not \(phase.from.rawValue)")
        }
        switch phase {
        case .install, .configure, .start:
            if mount.key.instance.release != plan.release {
                find(.subject, step, "\(mount.key.instance) is not of the release that the plan leads to")
            }
        case .stop, .unconfigure, .uninstall:
            if mount.isServing { find(.replacement, step, "\(mount.key) serves then") }
            if unconfirmed.contains(mount.key) {
                find(.replacement, step, "a balancer may give \(mount.key) requests then")
            }
        }
        if subjects.processes[process(of: number)].isSingle { checkTwice(number, phase, step) }
        let flow = change(number, step) { mount in
            if mount.state != phase.to { mount.isReady = false }
            mount.state = phase.to
            mount.movedBy = step.id
        }
        return flow.net == 0 ? [:] : [process(of: number): flow]
    }

    /// Of what must not run twice, nothing starts while another runs, or is just started or stopped.
    private mutating func checkTwice(_ number: Int, _ phase: LifecyclePhase, _ step: Step) {
        let slot = subjects.mounts[number].slot
        let before = subjects.slots[slot]
        switch phase {
        case .start:
            let others = before.running.filter { $0 != number }.map { subjects.mounts[$0].key }.sorted()
            for other in others { find(.twice, step, "\(other) runs then") }
            check(before.starts, .slot(before.slot), step)
            check(before.stops, .slot(before.slot), step)
            subjects.slots[slot].starts.add(step.id, in: order)
        case .stop:
            check(before.starts, .slot(before.slot), step)
            subjects.slots[slot].stops.add(step.id, in: order)
        case .install, .configure, .unconfigure, .uninstall: break
        }
    }

    private mutating func awaitReady(_ number: Int, _ step: Step) -> Flows {
        if subjects.mounts[number].state != .running {
            find(.order, step, "\(subjects.mounts[number].key) does not run then")
        }
        let flow = change(number, step) { $0.isReady = true }
        return flow.net == 0 ? [:] : [process(of: number): flow]
    }

    // MARK: Traffic

    private mutating func handOver(_ duties: [DutyChange], _ step: Step) -> Flows {
        check(traffic, .traffic, step)
        traffic.add(step.id, in: order)
        var flows: Flows = [:]
        var leaving: [Int] = []
        for (index, duty) in duties.enumerated() {
            guard checkSubject(duty.instance, step), let number = subjects.mount(ofDuty: index, of: step) else {
                continue
            }
            let serves = duty.duty == .serve
            if serves { checkReadiness(number, step) }
            if subjects.mounts[number].dutyBy == step.id {
                find(.concurrent, step, "\(subjects.mounts[number].key) is given two duties at once")
            }
            if subjects.mounts[number].isEffective && !serves { leaving.append(number) }
            // All of a step is one change: nobody sees the middle of it.
            let flow = change(number, step) {
                $0.isServing = serves
                $0.dutyBy = step.id
            }
            flows[process(of: number), default: Flow(lowStep: step.id)].net += flow.net
        }
        for number in leaving { checkReplacement(number, step) }
        // It ends when every balancer has confirmed the newest configuration.
        unconfirmed = []
        return flows.mapValues { Flow(net: $0.net, low: min(0, $0.net), lowStep: $0.lowStep) }
    }

    private mutating func checkReadiness(_ number: Int, _ step: Step) {
        // What serves already may be given another weight.
        if subjects.mounts[number].isReady || subjects.mounts[number].isServing { return }
        find(
            .readiness, step,
            "\(subjects.mounts[number].key) is given traffic, and nothing has seen it to be ready")
    }

    /// What is wanted leaves only when another of its slot serves, or will in its place.
    private mutating func checkReplacement(_ number: Int, _ step: Step) {
        let state = subjects.slots[subjects.mounts[number].slot]
        guard state.isWanted, state.effective <= 0 else { return }
        let serves = lastServes ?? PlanLookahead.lastServes(in: plan)
        lastServes = serves
        // That what serves then is ready, is looked at then.
        if let serve = serves[state.slot], order.isBefore(step.id, serve) { return }
        find(.replacement, step, "\(subjects.mounts[number].key) leaves, and nothing serves \(state.slot) after that")
    }

    // MARK: Links

    private mutating func link(_ number: Int, _ identity: Digest, _ step: Step) {
        let host = subjects.hosts[number]
        check(host.links, .link(host.name), step)
        subjects.hosts[number].links.add(step.id, in: order)
        guard let release, identity == release.identity else {
            find(.subject, step, "it links \(identity.short), which is not the release that the plan leads to")
            return
        }
        let isThere = host.mounts.contains { number in
            let mount = subjects.mounts[number]
            guard mount.key.instance.release == release.number, mount.state != .none else { return false }
            return mount.movedBy.map { order.isBefore($0, step.id) } ?? true
        }
        if !isThere { find(.order, step, "no step has brought \(release.label) to \(host.name) then") }
    }
}
