/// Keeping hosts as they should be, unasked.
extension Orchestrator {
    /// Plans every app that something has happened to, and carries out what is missing.
    mutating func reconcile(at now: Instant) {
        guard let desired, !appsToLookAt.isEmpty || standing == nil, isSettled(at: now) else { return }
        followHosts(at: now)
        forgetDeparted()
        let apps = appsToLookAt.filter { app in
            executions[app] == nil && !waitsForOthers(app) && (backoffs[app].map { $0.notBefore <= now } ?? true)
        }
        appsToLookAt.subtract(apps)
        guard !apps.isEmpty else { return }
        forgetVanishedHosts(desired)
        recordUnexpected(of: apps)
        placeAgain(at: now)
        guard let standing, let placement else { return }
        announce(standing.blindness)
        let live = live(at: now)
        let records = records
        for app in apps.sorted() {
            // An app that is declared and has no release waits for its first deploy.
            if desired.configuration.apps[app] != nil && desired.releases[app] == nil { continue }
            if isStillAsDesired(app) { continue }
            let planner = Planner(
                app: app, desired: desired, live: live, records: records, placement: placement,
                standing: standing, options: Planner.Options(kind: .reconcile), now: now)
            let plan = planner.plan()
            if plan.isEmpty {
                backoffs[app] = nil
                if planner.isAsDesired { settledApps.insert(app) }
            } else {
                startIfSafe(plan, by: "apus", cause: nil, at: now)
            }
        }
    }

    /// What runs on a host and is recorded nowhere (its host was away, and given up, meanwhile) is
    /// recorded as leaving, and so removed like everything else.
    private mutating func recordUnexpected(of apps: Set<AppName>) {
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for app in apps {
            for key in unrecorded.removeValue(forKey: app) ?? [] {
                guard records[key] == nil, let instance = live(key), instance.state != .none else { continue }
                if hosts[key.host]?.contact == .connected, instanceSpec(key.instance) != nil {
                    changes[key] = InstanceRecord(
                        id: key.instance, host: key.host, duty: .leaving, port: instance.port)
                } else {
                    // Its time may come.
                    unrecorded[app, default: []].insert(key)
                }
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
        guard mayHaveVanished else { return }
        mayHaveVanished = false
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for host in records.hosts
        where desired.configuration.hosts[host] == nil && hosts[host]?.contact != .connected {
            for id in records.on(host) { changes[InstanceKey(host: host, instance: id)] = .some(nil) }
        }
        save(changes)
    }

    private mutating func announce(_ blindness: String?) {
        guard blindness != self.blindness else { return }
        self.blindness = blindness
        pending.append(.announce(blindness.map { .blind($0) } ?? .sightRegained))
    }
}
