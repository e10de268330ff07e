package import Core
package import Wire

/// What people see of a fabric, made from its models: pure, so that the same models always look
/// the same.
package struct FabricViews: Sendable {
    /// Reasons that a status gives for hosts.
    private static let reasonsMax = 100
    /// Up to so many hosts a status lists all of them; of more, those that are not well.
    private static let hostsShownMax = 100
    /// Up to so many instances are shown with their app; of more, the worst.
    static let instancesShownMax = 500

    package let desired: DesiredModel
    package let live: LiveModel
    package let records: InstanceRecords
    /// Executions that have not ended, without their steps.
    package let executions: [ExecutionView]
    /// Every instance that is, or should be, in the order of their names.
    package var instances: [InstanceView] { instanceList.rows }
    /// Every host that git declares or that has been heard from.
    package var hosts: [HostView] { hostList.rows }
    /// Every app that git declares, or that still has instances.
    package let apps: [AppView]
    let instanceList: RowList<InstanceView>
    let hostList: RowList<HostView>
    /// Where the instances of an app and those of a host are in `instances`.
    let indicesByApp: [AppName: [Int]]
    let indicesByHost: [HostName: [Int]]

    /// - Parameter deltas: of every instance that is or should be; those without one are as
    ///   expected.
    package init(
        desired: DesiredModel, live: LiveModel, records: InstanceRecords, deltas: [Delta] = [],
        executions: [ExecutionView] = []
    ) {
        self.init(
            desired: desired, live: live, records: records, executions: executions,
            instances: Self.instances(desired, live, Array(live.hosts.values), records.values, deltas))
    }

    private init(
        desired: DesiredModel, live: LiveModel, records: InstanceRecords, executions: [ExecutionView],
        instances: [InstanceView]
    ) {
        self.desired = desired
        self.live = live
        self.records = records
        self.executions = executions
        indicesByApp = Dictionary(grouping: instances.indices) { instances[$0].app }
        indicesByHost = Dictionary(grouping: instances.indices) { instances[$0].host }
        instanceList = RowList(instances)
        let maker = ViewMaker(desired: desired, live: live, executions: executions)
        let hosts = Set(desired.configuration.hosts.keys).union(live.hosts.keys).sorted()
        hostList = RowList(
            hosts.map { [indicesByHost] name in
                maker.host(name, instances: indicesByHost[name, default: []].map { instances[$0] })
            })
        let apps = Set(desired.configuration.apps.keys).union(indicesByApp.keys).sorted()
        self.apps = apps.map { [indicesByApp] name in
            maker.app(name, instances: indicesByApp[name, default: []].map { instances[$0] })
        }
    }

    /// The same views of later models, of which nothing is different but some apps and what is on
    /// some hosts: only that is looked at again.
    ///
    /// - Parameters:
    ///   - hosts: those that differ, or have or had an instance that does.
    ///   - apps: those that differ in themselves: whatever they have on other hosts is as it was.
    ///   - deltas: of every instance that is or should be on one of the hosts.
    /// - Precondition: The same hosts are declared or known as before.
    package init(
        following before: FabricViews, desired: DesiredModel, live: LiveModel, records: InstanceRecords,
        executions: [ExecutionView], hosts: Set<HostName>, apps: Set<AppName>, deltas: [Delta]
    ) {
        let old = before.instanceList.rows
        let new = Self.instances(
            desired, live, hosts.compactMap { live.hosts[$0] }, records.all(on: hosts), deltas)
        let indices = hosts.flatMap { before.indicesByHost[$0] ?? [] }.sorted()
        self.desired = desired
        self.live = live
        self.records = records
        self.executions = executions
        if indices.count == new.count, zip(indices, new).allSatisfy({ old[$0].place == $1.place }) {
            instanceList = RowList(before.instanceList, with: new, at: indices)
            indicesByApp = before.indicesByApp
            indicesByHost = before.indicesByHost
        } else {
            let rows = old.merging(new, inPlaceOf: indices)
            instanceList = RowList(rows)
            indicesByApp = Dictionary(grouping: rows.indices) { rows[$0].app }
            indicesByHost = Dictionary(grouping: rows.indices) { rows[$0].host }
        }
        let rows = instanceList.rows
        let maker = ViewMaker(desired: desired, live: live, executions: executions)
        // A record may name a host that nobody knows any more.
        let ordered = hosts.sorted().filter { desired.configuration.hosts[$0] != nil || live.hosts[$0] != nil }
        hostList = RowList(
            before.hostList,
            with: ordered.map { [indicesByHost] host in
                maker.host(host, instances: indicesByHost[host, default: []].map { rows[$0] })
            }, at: ordered.map { before.hosts.placeIndex(of: $0) })
        let concerned = apps.union(indices.map { old[$0].app }).union(new.map(\.app))
        let kept = Dictionary(uniqueKeysWithValues: before.apps.map { ($0.name, $0) })
        self.apps = Set(desired.configuration.apps.keys).union(indicesByApp.keys).sorted().map { [indicesByApp] name in
            if !concerned.contains(name), let view = kept[name] { return view }
            return maker.app(name, instances: indicesByApp[name, default: []].map { rows[$0] })
        }
    }

    func instances(of app: AppName) -> [InstanceView] { indicesByApp[app, default: []].map { instances[$0] } }
    func instances(on host: HostName) -> [InstanceView] { indicesByHost[host, default: []].map { instances[$0] } }

    package func status(commit: String? = nil, pendingCommit: String? = nil, reasons: [String] = []) -> StatusView {
        var hostCounts = ColourCounts()
        var instanceCounts = ColourCounts()
        for host in hosts { hostCounts.add(host.colour) }
        // Each instance is one of an app's, and counted there.
        for app in apps { instanceCounts.add(app.counts) }
        let troubled = (apps.filter { $0.colour == .red } + apps.filter { $0.colour == .yellow }).map {
            "\($0.name): \($0.reason)"
        }
        // A cut network may take thousands: whoever looks wants to know that, not their names.
        let away = hosts.filter { $0.colour != .green }.sorted { $0.colour > $1.colour }
        var absent = away.prefix(Self.reasonsMax).map { "\($0.name): \($0.reason)" }
        if away.count > absent.count { absent.append("and \(away.count - absent.count) more hosts: see `apus hosts`") }
        let shown = hosts.count <= Self.hostsShownMax ? hosts : Array(away.prefix(Self.hostsShownMax))
        let worst = max(hostCounts.worst, instanceCounts.worst, apps.map(\.colour).max() ?? .green)
        return StatusView(
            fabric: desired.configuration.fabric, colour: reasons.isEmpty ? worst : max(worst, .yellow),
            reasons: reasons + troubled + absent, commit: commit ?? desired.configuration.commit,
            pendingCommit: pendingCommit, desiredRevision: desired.revision, liveRevision: live.revision, at: live.at,
            hosts: hostCounts, instances: instanceCounts, apps: apps, hostList: shown, executions: executions)
    }

    /// The instances of some hosts, or of all, in the order of their names.
    private static func instances(
        _ desired: DesiredModel, _ live: LiveModel, _ hosts: [LiveHost], _ records: [InstanceRecord], _ deltas: [Delta]
    ) -> [InstanceView] {
        struct Place: Hashable {
            var id: InstanceID
            var host: HostName
        }
        let byPlace = Dictionary(records.map { (Place(id: $0.id, host: $0.host), $0) }) { $1 }
        let deltaByPlace = Dictionary(deltas.map { (Place(id: $0.instance, host: $0.host), $0) }) { $1 }
        var liveByPlace: [Place: LiveInstance] = [:]
        for host in hosts {
            for instance in host.report?.instances ?? [] {
                liveByPlace[Place(id: instance.id, host: host.name)] = instance
            }
        }
        let places = Set(byPlace.keys).union(deltaByPlace.keys).union(liveByPlace.keys)
        let traits = Dictionary(
            uniqueKeysWithValues: Set(places.map(\.host)).map { ($0, HostTraits($0, desired, live)) })
        // Sorted within each process, where only numbers are compared.
        struct Group: Hashable {
            var app: AppName
            var process: ProcessName
        }
        let groups = Dictionary(grouping: places) { Group(app: $0.id.app, process: $0.id.process) }
        var instances: [InstanceView] = []
        instances.reserveCapacity(places.count)
        for group in groups.keys.sorted(by: { ($0.app, $0.process) < ($1.app, $1.process) }) {
            let sorted = groups[group, default: []].sorted {
                ($0.id.slot, $0.id.release) == ($1.id.slot, $1.id.release)
                    ? $0.host < $1.host : ($0.id.slot, $0.id.release) < ($1.id.slot, $1.id.release)
            }
            for place in sorted {
                instances.append(
                    InstanceView(
                        place.id, on: place.host, traits[place.host] ?? HostTraits(place.host, desired, live),
                        record: byPlace[place], live: liveByPlace[place], delta: deltaByPlace[place]))
            }
        }
        return instances
    }
}

/// What an instance has of its host.
private struct HostTraits {
    var zone: ZoneName?
    var hostClass: HostClassName?
    /// The host's own, and those of its class.
    var labels: [String: String]
    var contact: LiveHost.Contact

    init(_ host: HostName, _ desired: DesiredModel, _ live: LiveModel) {
        let spec = desired.configuration.hosts[host]
        zone = spec?.zone
        hostClass = spec?.hostClass
        let classLabels = hostClass.flatMap { desired.configuration.classes[$0] }?.labels ?? [:]
        labels = classLabels.merging(spec?.labels ?? [:]) { _, ofHost in ofHost }
        contact = live.hosts[host]?.contact ?? .expected
    }
}

extension InstanceView {
    /// - Parameters:
    ///   - record: nil for what no one has placed there.
    ///   - live: nil for what its host does not report.
    ///   - delta: nil: judged from the two above.
    fileprivate init(
        _ id: InstanceID, on host: HostName, _ traits: HostTraits, record: InstanceRecord?, live: LiveInstance?,
        delta: Delta?
    ) {
        // An instance that should be there and that nobody has begun to place is awaited, too.
        let isAwaited = record == nil && delta?.state == .notDeployed
        let duty: InstanceRecord.Duty? = record?.duty ?? (isAwaited ? .starting : nil)
        let standing = InstanceStanding(
            duty: duty, host: host, contact: traits.contact, live: live, differences: delta?.differences ?? [])
        var warmUntil: Instant?
        if case .warm(let until) = record?.duty { warmUntil = until }
        self.init(
            id: id, app: id.app, process: id.process, slot: id.slot, release: id.release, host: host, zone: traits.zone,
            hostClass: traits.hostClass, labels: traits.labels,
            state: live?.state ?? .none, health: live?.health ?? .unchecked, duty: record?.duty.word ?? .none,
            warmUntil: warmUntil, colour: standing.colour, reason: isAwaited ? "to be deployed" : standing.reason,
            port: live?.port, processID: live?.processID, restarts: live?.restarts ?? 0, since: live?.since,
            delta: delta?.state ?? (live == nil ? .notDeployed : record == nil ? .unexpected : .asExpected),
            differences: delta?.differences ?? [])
    }
}

extension InstanceRecord.Duty {
    package var word: InstanceView.Duty {
        switch self {
        case .starting: .starting
        case .serving: .serving
        case .warm: .warm
        case .leaving: .leaving
        }
    }
}
