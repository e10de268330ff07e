/// What hosts say, and what their silence means.
extension Orchestrator {
    /// What `configured` does to the model, without anything that follows: for plans of what would be.
    package mutating func configure(_ configuration: FabricConfiguration) {
        configured(configuration)
        pending = []
    }

    mutating func configured(_ configuration: FabricConfiguration) {
        let before = desired?.configuration
        var model = desired ?? DesiredModel(revision: 0, configuration: configuration)
        for (name, app) in model.configuration.apps where configuration.apps[name] == nil { departed[name] = app.after }
        model.configuration = configuration
        model.revision += 1
        adopt(model)
        expectDeclaredHosts()
        for (name, host) in hosts where host.contact == .expected && configuration.hosts[name] == nil {
            hosts[name] = nil
        }
        let hasSameHosts = configuration.hosts == before?.hosts && configuration.classes == before?.classes
        guard !hasSameHosts || configuration.balancers != before?.balancers || configuration.policy != before?.policy
        else { return }
        // Where things may be has changed.
        placement = nil
        standing = nil
        mayHaveVanished = true
        findBalancers()
        if !hasSameHosts { listServers() }
        lookAtEverything()
    }

    /// Git has an app again that is just being removed: what is left of it stays.
    mutating func keepWhatIsBack(at now: Instant) {
        guard let desired else { return }
        for app in executions.keys.sorted() where desired.configuration.apps[app] != nil {
            guard let execution = executions[app], execution.machine.plan.release == nil else { continue }
            feed(.abortRequested, to: app, at: now)
        }
    }

    mutating func overridden(_ overrides: Overrides) {
        guard var model = desired, model.overrides != overrides else { return }
        model.overrides = overrides
        model.revision += 1
        adopt(model)
    }

    mutating func adopt(_ model: DesiredModel) {
        if let desired {
            let concerned = appsConcerned(by: model, before: desired)
            misplaced.formUnion(concerned)
            lookAt(concerned)
        }
        if model.overrides.drained != desired?.overrides.drained {
            // Everything may belong elsewhere.
            misplaced.formUnion(model.configuration.apps.keys)
            standing = nil
            lookAtEverything()
        }
        desired = model
        backoffs = [:]
        balancersAreStale = true
        pending.append(.saveDesired(model))
    }

    mutating func reported(_ report: HostReport, at now: Instant) {
        let before = hosts[report.host]
        let isChanged =
            before?.report?.instances != report.instances || before?.report?.links != report.links
            || before?.report?.balancers != report.balancers || before?.report?.facts != report.facts
        hosts[report.host] = LiveHost(name: report.host, contact: .connected, lastHeard: now, report: report)
        if unheard.remove(report.host) != nil { lastReturn = now }
        let isBack = before?.contact != .connected
        if isBack {
            pending.append(.announce(.hostChanged(report.host, .connected)))
            forgetBalancers(on: report.host)
        }
        guard isChanged || isBack else { return }
        liveRevision += 1
        pending.append(.announce(.liveChanged(report.host)))
        rememberPorts(report)
        if isBack || before?.report?.facts.memory != report.facts.memory { lookAt(report.host) }
        take(report, after: before?.report)
        noteBalancers(report)
        checkHealthGates(report, at: now)
    }

    mutating func heard(_ host: HostName, at now: Instant) {
        hosts[host]?.lastHeard = now
        // A host that was only slow has not reported anew, since nothing there has changed.
        guard let report = hosts[host]?.report, hosts[host]?.contact != .connected else { return }
        reported(report, at: now)
    }

    mutating func disconnected(_ host: HostName, at now: Instant) {
        // The connection may be back in a moment: what counts is how long the host is silent.
        guard hosts[host]?.contact == .connected else { return }
        changeContact(of: host, to: .silent)
    }

    mutating func timePassed(at now: Instant) {
        let grace = desired?.configuration.policy.lostHostGrace ?? FabricPolicy().lostHostGrace
        // In one order, so that a run can be repeated.
        for name in overdueHosts(at: now).sorted() {
            let silence = silence(of: name, at: now)
            if hosts[name]?.contact == .connected { changeContact(of: name, to: .silent) }
            if hosts[name]?.contact == .silent && silence > max(grace, settings.silenceMax) {
                changeContact(of: name, to: .lost)
                failSteps(on: name, at: now)
                giveUpBalancers(on: name, at: now)
            }
        }
        forgetUnansweredBalancers(at: now)
        if balancers.values.contains(where: { $0.problem != nil }) { balancersAreStale = true }
        for app in executions.keys.sorted() {
            watchHold(of: app, at: now)
            feed(.timePassed, to: app, at: now)
        }
        lookAtCooled(at: now)
        for (app, backoff) in backoffs where backoff.failures > 0 && backoff.notBefore <= now {
            appsToLookAt.insert(app)
        }
    }

    /// Hosts that have been silent for too long to count as connected, and are not given up yet.
    private func overdueHosts(at now: Instant) -> [HostName] {
        hosts.values.compactMap { host in
            guard host.contact == .connected || host.contact == .silent, let lastHeard = host.lastHeard,
                now - lastHeard > settings.silenceMax
            else { return nil }
            return host.name
        }
    }

    /// How long the host has been silent. After a start, one that has not come back counts from
    /// the last return of another: while hosts still come back, their turn is what they wait for.
    private func silence(of host: HostName, at now: Instant) -> Interval {
        let lastHeard = hosts[host]?.lastHeard ?? now
        return now - (unheard.contains(host) ? max(lastHeard, lastReturn) : lastHeard)
    }

    private mutating func changeContact(of host: HostName, to contact: LiveHost.Contact) {
        hosts[host]?.contact = contact
        liveRevision += 1
        pending.append(.announce(.hostChanged(host, contact)))
        lookAt(host)
        if balancerHosts.contains(host) { balancersAreStale = true }
        settleFarewells()
    }

    /// What differs on a host is looked at: instances that came, went, or are in another state,
    /// and links. The rest of what a report says is for people.
    private mutating func take(_ report: HostReport, after before: HostReport?) {
        var gone = Dictionary(before?.instances.map { ($0.id, $0) } ?? []) { first, _ in first }
        for instance in report.instances {
            let key = InstanceKey(host: report.host, instance: instance.id)
            let last = gone.removeValue(forKey: instance.id)
            if last?.port != instance.port || last == nil { listServer(key) }
            guard last?.state != instance.state || last?.isReady != instance.isReady else { continue }
            // Whether what serves is ready is its agent's to see to: it makes no difference to a plan.
            if last?.state == instance.state && settledApps.contains(instance.id.app) { continue }
            lookAt(CollectionOfOne(instance.id.app))
            noteUnrecorded(key)
        }
        for id in gone.keys {
            lookAt(CollectionOfOne(id.app))
            listServer(InstanceKey(host: report.host, instance: id))
        }
        if before == nil {
            for id in records.on(report.host) { listServer(InstanceKey(host: report.host, instance: id)) }
        }
        let links = before?.links ?? [:]
        guard links != report.links else { return }
        for app in Set(links.keys).union(report.links.keys) where links[app] != report.links[app] {
            lookAt(CollectionOfOne(app))
        }
    }

    /// A record keeps its port, so that balancers can be configured before every agent is back.
    private mutating func rememberPorts(_ report: HostReport) {
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for instance in report.instances {
            let key = InstanceKey(host: report.host, instance: instance.id)
            guard var record = records[key], let port = instance.port, record.port != port else { continue }
            record.port = port
            changes[key] = record
        }
        save(changes)
    }

    mutating func save(_ changes: [InstanceKey: InstanceRecord?]) {
        guard !changes.isEmpty else { return }
        for (key, record) in changes {
            noteFarewell(key, before: records[key], after: record)
            records[key] = record
            misplaced.insert(key.instance.app)
            settledApps.remove(key.instance.app)
            if let record { rememberWarmth(record) } else { noteUnrecorded(key) }
            if desired?.configuration.hosts[key.host] == nil { mayHaveVanished = true }
            listServer(key)
        }
        pending.append(.saveRecords(changes))
    }
}
