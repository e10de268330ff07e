/// Steps as orders to hosts, and what their ends mean for the records.
extension Orchestrator {
    mutating func begin(_ step: Step, attempt: Int, of app: AppName, execution: Int64, at now: Instant) {
        let name = OrderName(execution: execution, step: step.id, attempt: attempt).text
        func order(_ host: HostName, _ operation: HostOrder.Operation) {
            pending.append(.send(HostOrder(id: name, host: host, timeout: step.timeout, operation: operation)))
        }
        switch step.action {
        case .prefetch(let host, let package): order(host, .prefetch(package))
        case .link(let host, let app, let identity): order(host, .link(app: app, releaseIdentity: identity))
        case .awaitReady(let host, let id): order(host, .awaitReady(id))
        case .phase(let host, let id, let phase):
            guard let spec = instanceSpec(id) else {
                let problem = Problem(
                    "release.unknown", "The instance cannot be described.",
                    cause: "\(id.app) has no release \(id.release).",
                    remedy: "Deploy the app again.")
                feed(.stepEnded(step.id, problem), to: app, at: now)
                return
            }
            let key = InstanceKey(host: host, instance: id)
            if records[key] == nil && phase != .uninstall {
                save([key: InstanceRecord(id: id, host: host, duty: .starting)])
            }
            order(host, .phase(phase, spec))
        case .traffic(let app, let duties, let drains):
            handOver(step, app: app, duties: duties, drains: drains, at: now)
        case .hold: beginHold(step, of: app, at: now)
        // Its end is a person's.
        case .pause: break
        }
    }

    mutating func cancel(_ step: Step, attempt: Int, of app: AppName, execution: Int64) {
        if let handover = handovers[app], handover.step == step.id { handovers[app] = nil }
        guard let host = step.host else { return }
        let name = OrderName(execution: execution, step: step.id, attempt: attempt).text
        pending.append(.cancelOrder(id: name, host: host))
        // The cancellation may come too late: what follows must not count on the instance, and
        // starting one that runs costs nothing.
        if case .phase(_, let id, .stop) = step.action { assumeStopped(id, on: host) }
    }

    private mutating func assumeStopped(_ id: InstanceID, on host: HostName) {
        guard let index = hosts[host]?.report?.instances.firstIndex(where: { $0.id == id }) else { return }
        settledApps.remove(id.app)
        hosts[host]?.report?.instances[index].state = .stopped
        hosts[host]?.report?.instances[index].health = .starting
    }

    mutating func orderEnded(_ id: String, _ problem: Problem?, at now: Instant) {
        guard let name = OrderName(id) else {
            balancerOrderEnded(id, problem, at: now)
            return
        }
        guard let app = executions.first(where: { $0.value.id == name.execution })?.key,
            let progress = executions[app]?.machine.progress(of: name.step),
            progress.attempt == name.attempt, progress.state == .running
        else { return }
        if problem == nil, case .phase(let host, let id, .uninstall) = progress.step.action {
            save([InstanceKey(host: host, instance: id): nil])
        }
        feed(.stepEnded(name.step, problem), to: app, at: now)
    }

    /// The host that an order was given to, while it is waited for: nobody else may end it.
    package func host(ofOrder id: String) -> HostName? {
        guard let name = OrderName(id) else { return balancers.first { $0.value.order == id }?.key.host }
        return executions.values.first { $0.id == name.execution }?.machine.progress(of: name.step)?.step.host
    }

    func instanceSpec(_ id: InstanceID) -> InstanceSpec? {
        guard let release = releases[id.app]?[id.release], let desired else { return nil }
        // A process that the release does not have cannot have been started from it.
        guard let process = release.processes[id.process] else { return nil }
        return InstanceSpec(
            id: id, fabric: desired.configuration.fabric, package: release.package, releaseIdentity: release.identity,
            config: release.config, environment: release.environment, process: process,
            packagesKept: desired.configuration.apps[id.app]?.rollout.packagesKept ?? RolloutPolicy().packagesKept)
    }
}
