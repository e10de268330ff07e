package import Core
package import Wire

extension FabricViews {
    /// nil for a host that is neither declared nor known.
    package func host(_ name: HostName, releases: [Release] = []) -> HostDetailView? {
        guard desired.configuration.hosts[name] != nil || live.hosts[name] != nil else { return nil }
        let here = instances(on: name)
        let known = Dictionary((releases + desired.releases.values).map { ($0.identity, $0.number) }) { $1 }
        let links = (live.hosts[name]?.report?.links ?? [:]).mapValues { links in
            LinksView(current: links.current.flatMap { known[$0] }, previous: links.previous.flatMap { known[$0] })
        }
        return HostDetailView(
            host: ViewMaker(desired: desired, live: live, executions: executions).host(name, instances: here),
            instances: here, links: links)
    }

    /// A part of the hosts, each with when it was last heard.
    package func hosts(_ query: ListQuery) throws(Problem) -> ListPart<HostView> {
        try hostList.part(query, within: hostIndices(query.filter))
    }

    package func instances(_ query: ListQuery) throws(Problem) -> ListPart<InstanceView> {
        try instanceList.part(query, within: instanceIndices(query.filter))
    }

    /// The instance; where two hosts have it, that of the first.
    package func instance(_ id: InstanceID) -> InstanceView? {
        indicesByApp[id.app, default: []].first { instances[$0].id == id }.map { instances[$0] }
    }

    package func hostGroups(_ filter: Filter, by key: Filter.Key) -> [GroupView] {
        hostList.groups(filter, by: key, within: hostIndices(filter))
    }

    package func instanceGroups(_ filter: Filter, by key: Filter.Key) -> [GroupView] {
        instanceList.groups(filter, by: key, within: instanceIndices(filter))
    }

    /// Only where a filter asks for one app or one host, few rows need to be looked at.
    private func instanceIndices(_ filter: Filter) -> [Int]? {
        if let host = filter.required(.host) { return indicesByHost[HostName(checked: host), default: []] }
        if let app = filter.required(.app) { return indicesByApp[AppName(checked: app), default: []] }
        return nil
    }

    private func hostIndices(_ filter: Filter) -> [Int]? {
        guard let host = filter.required(.host) else { return nil }
        let index = hosts.placeIndex(of: HostName(checked: host))
        return index < hosts.count && hosts[index].name.text == host ? [index] : []
    }
}

/// Makes the views of hosts and apps.
struct ViewMaker {
    let desired: DesiredModel
    let live: LiveModel
    let executions: [ExecutionView]

    func host(_ name: HostName, instances: [InstanceView]) -> HostView {
        let spec = desired.configuration.hosts[name]
        let hostClass = spec?.hostClass.flatMap { desired.configuration.classes[$0] }
        let known = live.hosts[name]
        let facts = known?.report?.facts
        let isDrained = desired.overrides.drained.contains(name)
        let contact = known?.contact ?? .expected
        let balancers = known?.report?.balancers ?? []
        let standing = Self.standing(contact, isDrained, isDeclared: spec != nil, balancers)
        var counts = ColourCounts()
        for instance in instances { counts.add(instance.colour) }
        return HostView(
            name: name, address: spec?.address, hostClass: spec?.hostClass, classVersion: hostClass?.version,
            region: spec?.region, zone: spec?.zone,
            labels: (hostClass?.labels ?? [:]).merging(spec?.labels ?? [:]) { _, ofHost in ofHost }, contact: contact,
            lastHeard: known?.lastHeard, isDrained: isDrained, colour: standing.0, reason: standing.1, counts: counts,
            memory: spec?.memory ?? facts?.memory, memoryPlaced: memoryPlaced(instances), processors: facts?.processors,
            system: facts?.system, agentVersion: facts?.agentVersion,
            balancers: balancers.map {
                BalancerView(name: $0.name, isRunning: $0.isRunning, applied: $0.applied, problem: $0.failure)
            })
    }

    private func memoryPlaced(_ instances: [InstanceView]) -> ByteCount {
        instances.filter { $0.duty != .none }.reduce(ByteCount(bytes: 0)) { total, instance in
            let process =
                desired.releases[instance.app]?.processes[instance.process]
                ?? desired.configuration.apps[instance.app]?.processes[instance.process]
            return total + (process?.limits.memory ?? ByteCount(bytes: 0))
        }
    }

    private static func standing(
        _ contact: LiveHost.Contact, _ isDrained: Bool, isDeclared: Bool, _ balancers: [LiveBalancer]
    ) -> (Colour, String) {
        switch contact {
        case .lost: return (.red, "lost")
        case .silent: return (.yellow, "silent")
        case .expected: return (.yellow, "has not joined")
        case .connected: break
        }
        if let broken = balancers.first(where: { !$0.isRunning }) {
            return (.red, "balancer \(broken.name) does not run")
        }
        if let refused = balancers.first(where: { $0.failure != nil }) {
            return (.yellow, "balancer \(refused.name) refused its configuration")
        }
        if !isDeclared { return (.yellow, "not declared in git") }
        return isDrained ? (.yellow, "drained") : (.green, "connected")
    }
}
