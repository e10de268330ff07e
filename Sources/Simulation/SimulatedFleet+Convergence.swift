import Core

/// Whether what is, is what should be: looked up on the hosts themselves.
extension SimulatedFleet {
    /// Everything that differs, in words. Empty when the fleet is as desired.
    package func differences(allowsWarm: Bool = true) -> [String] {
        guard let desired = orchestrator.desired else { return ["nothing is desired"] }
        let live = orchestrator.live(at: now)
        let placement = Placement(
            desired: desired, live: live, standing: FleetStanding(desired: desired, live: live),
            current: orchestrator.currentHosts())
        var found: [String] = []
        var expected: Set<InstanceKey> = []
        for (slot, host) in placement.hosts {
            guard let release = desired.releases[slot.app] else { continue }
            let id = InstanceID(app: slot.app, process: slot.process, slot: slot.number, release: release.number)
            let key = InstanceKey(host: host, instance: id)
            expected.insert(key)
            if orchestrator.records[key]?.duty != .serving { found.append("\(key) has no serving record") }
            if agents[host]?.isRunning(id) != true { found.append("\(key) does not run") }
            if agents[host]?.links[slot.app]?.current != release.identity {
                found.append("\(slot.app) is not linked on \(host)")
            }
        }
        found += placement.refusals.map(\.text)
        for (key, record) in orchestrator.records where !expected.contains(key) {
            if case .warm = record.duty, allowsWarm {
                expected.insert(key)
            } else {
                found.append("\(key) is left with a \(record.duty) record")
            }
        }
        for agent in agents.values {
            for id in agent.instances.keys where !expected.contains(InstanceKey(host: agent.host, instance: id)) {
                found.append("\(id) is left on \(agent.host)")
            }
        }
        return (found + balancerDifferences(desired, placement)).sorted()
    }

    private func balancerDifferences(_ desired: DesiredModel, _ placement: Placement) -> [String] {
        var found: [String] = []
        for agent in agents.values {
            for configuration in agent.balancers.values {
                let serving = Set(FleetGuardian.serving(configuration))
                let wanted = desired.configuration.apps.values.flatMap { app in
                    app.routes.flatMap { route in
                        placement.hosts.keys.filter { $0.app == app.name && $0.process == route.to }.compactMap {
                            slot in
                            desired.releases[app.name].map {
                                InstanceID(app: slot.app, process: slot.process, slot: slot.number, release: $0.number)
                            }
                        }
                    }
                }
                let differing = serving.symmetricDifference(wanted).map(\.description).sorted()
                if !differing.isEmpty { found.append("the balancer of \(agent.host) differs by \(differing)") }
            }
        }
        return found
    }
}
