import Core

/// The loop over a large fabric, with agents that answer at once.
struct ScaleLoop {
    let fabric: ScaleFabric
    var orchestrator: Orchestrator
    var now = Instant(milliseconds: 1_000_000)
    var reports: [HostName: HostReport] = [:]

    /// - Parameter isDeployed: whether every app runs already.
    init(_ fabric: ScaleFabric, isDeployed: Bool) {
        self.fabric = fabric
        let desired = fabric.desired
        var records: [InstanceRecord] = []
        for host in desired.configuration.hosts.keys { reports[host] = fabric.emptyReport(host) }
        if isDeployed { records = Self.deploy(desired, &reports, at: now) }
        let memory = Orchestrator.Memory(
            desired: desired, releases: fabric.releases, records: records, joinedHosts: reports.keys.sorted())
        orchestrator = Orchestrator(memory: memory, settings: Orchestrator.Settings(fence: 1), at: now)
    }

    /// Puts an instance of every slot on its host, as if a rollout had ended.
    private static func deploy(
        _ desired: DesiredModel, _ reports: inout [HostName: HostReport], at now: Instant
    ) -> [InstanceRecord] {
        let live = LiveModel(
            revision: 1, at: now,
            hosts: reports.mapValues { LiveHost(name: $0.host, contact: .connected, lastHeard: now, report: $0) })
        let placement = Placement(
            desired: desired, live: live, standing: FleetStanding(desired: desired, live: live), current: [:])
        precondition(placement.refusals.isEmpty, placement.refusals.first?.text ?? "")
        var records: [InstanceRecord] = []
        for (slot, host) in placement.hosts {
            guard let release = desired.releases[slot.app] else { continue }
            let id = InstanceID(app: slot.app, process: slot.process, slot: slot.number, release: 1)
            let port = ScaleFabric.firstPort + (reports[host]?.instances.count ?? 0)
            records.append(InstanceRecord(id: id, host: host, duty: .serving, port: port))
            reports[host]?.instances.append(
                LiveInstance(
                    id: id, releaseIdentity: release.identity, state: .running,
                    health: slot.process.text == "web" ? .healthy : .unchecked, port: port, processID: 4711, since: now)
            )
            reports[host]?.links[slot.app] = ReleaseLinks(current: release.identity)
        }
        return records
    }

    /// Every host reports; with the last one everything is looked at. Then the start is over.
    mutating func start() {
        for host in reports.keys.sorted() {
            guard let report = reports[host] else { continue }
            _ = orchestrator.receive(.reported(report), at: now)
        }
        now = now + .seconds(6)
    }

    mutating func receive(_ event: Orchestrator.Event) -> [Orchestrator.Action] {
        orchestrator.receive(event, at: now)
    }

    /// What an agent makes of an order, as its next report says it.
    /// - Returns: whether there is anything to report.
    mutating func carryOut(_ order: HostOrder) -> Bool {
        switch order.operation {
        case .phase(let phase, let spec):
            let host = order.host
            let index = reports[host]?.instances.firstIndex { $0.id == spec.id }
            let port = ScaleFabric.firstPort + 100 + (reports[host]?.instances.count ?? 0)
            switch phase {
            case .install:
                reports[host]?.instances.append(
                    LiveInstance(
                        id: spec.id, releaseIdentity: spec.releaseIdentity, state: .installed, health: .unchecked,
                        port: port, since: now))
            case .configure: if let index { reports[host]?.instances[index].state = .stopped }
            case .start:
                if let index {
                    reports[host]?.instances[index].state = .running
                    reports[host]?.instances[index].health = spec.process.health == nil ? .unchecked : .healthy
                }
            case .stop: if let index { reports[host]?.instances[index].state = .stopped }
            case .unconfigure: if let index { reports[host]?.instances[index].state = .installed }
            case .uninstall: if let index { reports[host]?.instances.remove(at: index) }
            }
        case .link(let app, let identity): reports[order.host]?.links[app] = ReleaseLinks(current: identity)
        case .prefetch, .awaitReady, .balance: return false
        }
        reports[order.host]?.sequence += 1
        return true
    }
}
