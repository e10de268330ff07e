package import Core
package import Wire

/// What people see of a fabric, made from its models: pure, so that the same models always look
/// the same.
package struct FabricViews: Sendable {
    package let desired: DesiredModel
    package let live: LiveModel
    package let records: [InstanceRecord]
    /// Executions that have not ended, without their steps.
    package let executions: [ExecutionView]
    /// Every instance that is, or should be, in the order of their names.
    package let instances: [InstanceView]

    /// - Parameter deltas: of every instance that is or should be; those without one are as
    ///   expected.
    package init(
        desired: DesiredModel, live: LiveModel, records: [InstanceRecord], deltas: [Delta] = [],
        executions: [ExecutionView] = []
    ) {
        self.desired = desired
        self.live = live
        self.records = records
        self.executions = executions
        instances = Self.instances(desired, live, records, deltas)
    }

    package func status(commit: String? = nil, pendingCommit: String? = nil, reasons: [String] = []) -> StatusView {
        let hosts = hosts
        let apps = apps
        var hostCounts = ColourCounts()
        var instanceCounts = ColourCounts()
        for host in hosts { hostCounts.add(host.colour) }
        for instance in instances { instanceCounts.add(instance.colour) }
        let troubled = (apps.filter { $0.colour == .red } + apps.filter { $0.colour == .yellow }).map {
            "\($0.name): \($0.reason)"
        }
        let absent = hosts.filter { $0.colour != .green }.sorted { $0.colour > $1.colour }.map {
            "\($0.name): \($0.reason)"
        }
        let worst = max(hostCounts.worst, instanceCounts.worst, apps.map(\.colour).max() ?? .green)
        return StatusView(
            fabric: desired.configuration.fabric, colour: reasons.isEmpty ? worst : max(worst, .yellow),
            reasons: reasons + troubled + absent, commit: commit ?? desired.configuration.commit,
            pendingCommit: pendingCommit, desiredRevision: desired.revision, liveRevision: live.revision, at: live.at,
            hosts: hostCounts, instances: instanceCounts, apps: apps, hostList: hosts, executions: executions)
    }

    private static func instances(
        _ desired: DesiredModel, _ live: LiveModel, _ records: [InstanceRecord], _ deltas: [Delta]
    ) -> [InstanceView] {
        struct Place: Hashable {
            var id: InstanceID
            var host: HostName
        }
        let byPlace = Dictionary(records.map { (Place(id: $0.id, host: $0.host), $0) }) { $1 }
        let deltaByPlace = Dictionary(deltas.map { (Place(id: $0.instance, host: $0.host), $0) }) { $1 }
        var liveByPlace: [Place: LiveInstance] = [:]
        for host in live.hosts.values {
            for instance in host.report?.instances ?? [] {
                liveByPlace[Place(id: instance.id, host: host.name)] = instance
            }
        }
        let places = Set(byPlace.keys).union(deltaByPlace.keys).union(liveByPlace.keys)
        return places.sorted { ($0.id, $0.host) < ($1.id, $1.host) }.map { place in
            InstanceView(
                place.id, on: place.host, desired: desired, contact: live.hosts[place.host]?.contact ?? .expected,
                record: byPlace[place], live: liveByPlace[place], delta: deltaByPlace[place])
        }
    }
}

extension InstanceView {
    /// - Parameters:
    ///   - record: nil for what no one has placed there.
    ///   - live: nil for what its host does not report.
    ///   - delta: nil: judged from the two above.
    package init(
        _ id: InstanceID, on host: HostName, desired: DesiredModel, contact: LiveHost.Contact, record: InstanceRecord?,
        live: LiveInstance?, delta: Delta?
    ) {
        let spec = desired.configuration.hosts[host]
        let classSpec = spec?.hostClass.flatMap { desired.configuration.classes[$0] }
        // An instance that should be there and that nobody has begun to place is awaited, too.
        let isAwaited = record == nil && delta?.state == .notDeployed
        let duty: InstanceRecord.Duty? = record?.duty ?? (isAwaited ? .starting : nil)
        let standing = InstanceStanding(
            duty: duty, host: host, contact: contact, live: live, differences: delta?.differences ?? [])
        var warmUntil: Instant?
        if case .warm(let until) = record?.duty { warmUntil = until }
        self.init(
            id: id, app: id.app, process: id.process, slot: id.slot, release: id.release, host: host, zone: spec?.zone,
            hostClass: spec?.hostClass,
            labels: (classSpec?.labels ?? [:]).merging(spec?.labels ?? [:]) { _, ofHost in ofHost },
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
