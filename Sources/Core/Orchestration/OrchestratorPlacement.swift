import HeapModule

/// When an app's warm instance has been warm for long enough.
struct WarmEnd: Comparable {
    var at: Instant
    var app: AppName

    static func < (left: WarmEnd, right: WarmEnd) -> Bool { (left.at, left.app) < (right.at, right.app) }
}

/// What is kept between events, so that an event costs what it changes.
extension Orchestrator {
    /// The placement and standing as they are now.
    package func placed(at now: Instant) -> (placement: Placement, standing: FleetStanding)? {
        var copy = self
        copy.followHosts(at: now)
        copy.placeAgain(at: now)
        guard let placement = copy.placement, let standing = copy.standing else { return nil }
        return (placement, standing)
    }

    /// Takes up what has changed about hosts: who is concerned by it is placed, and looked at, again.
    mutating func followHosts(at now: Instant) {
        guard standing == nil, let desired else { return }
        let live = live(at: now)
        let found = FleetStanding(desired: desired, live: live)
        standing = found
        if let concerned = placement?.follow(found, live: live) {
            misplaced.formUnion(concerned)
            lookAt(concerned)
        }
        if found.blindness != blindness { lookAtEverything() }
    }

    /// Gives apps that have changed their places; expects that hosts have been followed.
    mutating func placeAgain(at now: Instant) {
        guard let desired, let standing else { return }
        let records = records
        if placement == nil {
            placement = Placement(
                desired: desired, live: live(at: now), standing: standing,
                current: { records.currentHosts(of: $0, slots: $1) })
        } else if !misplaced.isEmpty {
            placement?.place(misplaced, desired: desired, current: { records.currentHosts(of: $0, slots: $1) })
        }
        misplaced = []
    }

    /// Something about apps has changed.
    mutating func lookAt(_ apps: some Collection<AppName>) {
        settledApps.subtract(apps)
        appsToLookAt.formUnion(apps)
    }

    /// Whether an app is as desired still: where it is placed is all that may have changed.
    func isStillAsDesired(_ app: AppName) -> Bool {
        settledApps.contains(app) && placement?.stays(app, instances: records.of(app).count) == true
    }

    /// A host may be used for something else now: its apps are looked at, and those that want a place.
    mutating func lookAt(_ host: HostName) {
        standing = nil
        mayHaveVanished = true
        lookAt(records.on(host).map(\.app))
        lookAt((hosts[host]?.report?.instances ?? []).map(\.id.app))
    }

    /// Apps whose part of the desired model differs, and those whose last execution failed.
    func appsConcerned(by model: DesiredModel, before: DesiredModel) -> Set<AppName> {
        let apps = Set(model.configuration.apps.keys).union(before.configuration.apps.keys).union(records.apps)
        return apps.filter { app in
            model.configuration.apps[app] != before.configuration.apps[app]
                || model.releases[app] != before.releases[app]
                || model.overrides.scale[app] != before.overrides.scale[app]
                || model.overrides.pinned[app] != before.overrides.pinned[app]
                || model.overrides.held.contains(app) != before.overrides.held.contains(app)
                || backoffs[app] != nil
        }
    }

    mutating func rememberWarmth(_ record: InstanceRecord) {
        if case .warm(let until) = record.duty { warmEnds.insert(WarmEnd(at: until, app: record.id.app)) }
    }

    /// Looks at apps with instances that have been warm for long enough.
    mutating func lookAtCooled(at now: Instant) {
        while let end = warmEnds.min, end.at <= now {
            lookAt(CollectionOfOne(end.app))
            warmEnds.removeMin()
        }
    }

    /// Notes what a host has and no record names.
    mutating func noteUnrecorded(_ key: InstanceKey) {
        guard records[key] == nil, let state = live(key)?.state, state != .none else { return }
        unrecorded[key.instance.app, default: []].insert(key)
    }

    func live(_ key: InstanceKey) -> LiveInstance? {
        hosts[key.host]?.report?.instances.first { $0.id == key.instance }
    }
}
