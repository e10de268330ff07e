/// Keeping hosts as they should be, unasked.
extension Orchestrator {
    /// Plans every app that something has happened to, and carries out what is missing.
    mutating func reconcile(at now: Instant) {
        guard let desired, !appsToLookAt.isEmpty, isSettled(at: now) else { return }
        forgetDeparted()
        let apps = appsToLookAt.filter { app in
            executions[app] == nil && !waitsForOthers(app) && (backoffs[app].map { $0.notBefore <= now } ?? true)
        }
        appsToLookAt.subtract(apps)
        guard !apps.isEmpty else { return }
        forgetVanishedHosts(desired)
        recordUnexpected(of: apps)
        let live = live(at: now)
        let standing = FleetStanding(desired: desired, live: live)
        announce(standing.blindness)
        let placement = Placement(desired: desired, live: live, standing: standing, current: currentHosts())
        for app in apps.sorted() {
            // An app that is declared and has no release waits for its first deploy.
            if desired.configuration.apps[app] != nil && desired.releases[app] == nil { continue }
            let planner = Planner(
                app: app, desired: desired, live: live, records: Array(records.values), placement: placement,
                standing: standing, options: Planner.Options(kind: .reconcile), now: now)
            let plan = planner.plan()
            if plan.isEmpty {
                backoffs[app] = nil
            } else {
                start(plan, by: "apus", cause: nil, at: now)
            }
        }
    }

    /// What runs on a host and is recorded nowhere (its host was away, and given up, meanwhile) is
    /// recorded as leaving, and so removed like everything else.
    private mutating func recordUnexpected(of apps: Set<AppName>) {
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for host in hosts.values where host.contact == .connected {
            for instance in host.report?.instances ?? [] where apps.contains(instance.id.app) && instance.state != .none
            {
                let key = InstanceKey(host: host.name, instance: instance.id)
                guard records[key] == nil, instanceSpec(instance.id) != nil else { continue }
                changes[key] = InstanceRecord(id: instance.id, host: host.name, duty: .leaving, port: instance.port)
            }
        }
        save(changes)
    }

    /// Whether every declared host has been heard from, or has had its time for it.
    package func isSettled(at now: Instant) -> Bool {
        if now >= startedAt + settings.settling { return true }
        guard let desired else { return false }
        return desired.configuration.hosts.keys.allSatisfy { hosts[$0]?.contact == .connected }
    }

    /// Records on hosts that git no longer has, and that are out of reach, can never be carried out.
    private mutating func forgetVanishedHosts(_ desired: DesiredModel) {
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for key in records.keys
        where desired.configuration.hosts[key.host] == nil && hosts[key.host]?.contact != .connected {
            changes[key] = .some(nil)
        }
        save(changes)
    }

    private mutating func announce(_ blindness: String?) {
        guard blindness != self.blindness else { return }
        self.blindness = blindness
        pending.append(.announce(blindness.map { .blind($0) } ?? .sightRegained))
    }
}
