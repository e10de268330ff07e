import Core
import Wire

/// What may look different in a later state of a fabric.
///
/// It is found by comparing the states, not by listening to what happened: what is the same in both
/// looks the same, whatever led to it. Most of two states that follow each other is shared, and what
/// is shared is found equal at once.
struct FabricChanges {
    /// Hosts that differ, or that an instance which differs is or was on.
    private(set) var hosts: Set<HostName> = []
    /// Apps that differ in themselves.
    private(set) var apps: Set<AppName> = []

    /// - Returns: nil when hosts were declared or labelled anew: everything has to be looked at.
    init?(
        from views: FabricViews, _ formerPlacement: Placement, to desired: DesiredModel, _ live: LiveModel,
        _ records: InstanceRecords, _ placement: Placement, _ executions: [ExecutionView]
    ) {
        guard desired.configuration.hosts == views.desired.configuration.hosts,
            desired.configuration.classes == views.desired.configuration.classes, noteHosts(views.live, live)
        else { return nil }
        noteRecords(views.records, records)
        hosts.formUnion(placement.hosts(thatDifferFrom: formerPlacement))
        if desired.revision != views.desired.revision { noteDesired(views, desired, placement) }
        let before = Self.running(views.executions)
        let after = Self.running(executions)
        apps.formUnion(Set(before.keys).union(after.keys).filter { before[$0] != after[$0] })
    }

    /// - Returns: whether they are the same hosts.
    private mutating func noteHosts(_ before: LiveModel, _ after: LiveModel) -> Bool {
        guard before.hosts.count == after.hosts.count else { return false }
        for (name, host) in after.hosts {
            guard let former = before.hosts[name] else { return false }
            if host.contact != former.contact || host.report != former.report { hosts.insert(name) }
        }
        return true
    }

    private mutating func noteRecords(_ before: InstanceRecords, _ after: InstanceRecords) {
        for app in Set(before.apps).union(after.apps) {
            let former = before.of(app)
            let records = after.of(app)
            guard former != records else { continue }
            for (key, record) in records where former[key] != record { hosts.insert(key.host) }
            for key in former.keys where records[key] == nil { hosts.insert(key.host) }
        }
    }

    private mutating func noteDesired(_ views: FabricViews, _ desired: DesiredModel, _ placement: Placement) {
        let before = views.desired
        hosts.formUnion(before.overrides.drained.symmetricDifference(desired.overrides.drained))
        let names = Set(before.configuration.apps.keys).union(desired.configuration.apps.keys)
            .union(before.releases.keys).union(desired.releases.keys)
        for app in names where !Self.isSame(app, before, desired) {
            apps.insert(app)
            for row in views.instances(of: app) { hosts.insert(row.host) }
            for place in placement.places(of: app) { hosts.insert(place.host) }
        }
    }

    private static func isSame(_ app: AppName, _ before: DesiredModel, _ after: DesiredModel) -> Bool {
        before.configuration.apps[app] == after.configuration.apps[app] && before.releases[app] == after.releases[app]
            && before.overrides.scale[app] == after.overrides.scale[app]
            && before.overrides.pinned[app] == after.overrides.pinned[app]
            && before.overrides.held.contains(app) == after.overrides.held.contains(app)
    }

    /// As `ViewMaker` shows them.
    private static func running(_ executions: [ExecutionView]) -> [AppName: ExecutionID] {
        Dictionary(executions.filter { !$0.state.isEnded }.map { ($0.app, $0.id) }) { first, _ in first }
    }
}
