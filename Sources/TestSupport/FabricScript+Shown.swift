import Core
import Simulation

/// What a script's commands print.
extension FabricScript {
    /// What has happened since this was asked last.
    mutating func news() -> [String] {
        let announcements = fleet.announcements.dropFirst(shownAnnouncements)
        shownAnnouncements = fleet.announcements.count
        return announcements.compactMap { happening in
            switch happening {
            case .executionStarted(let id, let app, let kind): "execution \(id): \(kind.rawValue) \(app)"
            case .executionChanged(let id, _, let state):
                "execution \(id) \(state.rawValue)"
                    + (fleet.ended.last { $0.id == id }.flatMap { reason($0, state) } ?? "")
            case .hostChanged(let host, let contact): "\(host) is \(contact.rawValue)"
            case .rolledBackAutomatically(let app, let from, let to, _):
                "\(app) goes back\(from.map { " from r\($0)" } ?? "") to r\(to)"
            case .blind(let text): text
            case .sightRegained: "enough hosts are in sight again"
            case .balancerRefused(let host, _, let problem): "the balancer of \(host) refuses: \(problem.cause)"
            case .planRefused(let app, let problem): "the plan of \(app) is refused: \(problem.cause)"
            case .stepChanged, .liveChanged, .trafficChanged, .trafficCounted: nil
            }
        }
    }

    private func reason(_ execution: Execution, _ state: ExecutionState) -> String? {
        state == .failed ? execution.machine.problem.map { ": \($0.sentence) \($0.cause)" } : nil
    }

    func delta() -> [String] {
        guard let desired = fleet.orchestrator.desired else { return ["nothing is desired"] }
        let live = fleet.orchestrator.live(at: fleet.now)
        let placement = Placement(
            desired: desired, live: live, standing: FleetStanding(desired: desired, live: live),
            current: fleet.orchestrator.currentHosts())
        let all = Delta.all(
            desired: desired, live: live, records: fleet.orchestrator.records, placement: placement)
        let differing = all.filter { $0.state != .asExpected }
        let lines = differing.map { delta in
            "\(delta.instance) on \(delta.host): \(delta.state.rawValue)"
                + (delta.differences.isEmpty
                    ? "" : " (\(delta.differences.map(\.description).joined(separator: ", ")))")
        }
        return lines + placement.refusals.map(\.text) + ["\(all.count - differing.count) as expected"]
    }

    /// What is on the hosts themselves, with the duties that are recorded.
    func status() -> [String] {
        fleet.agents.keys.sorted().flatMap { host -> [String] in
            guard let agent = fleet.agents[host] else { return [] }
            let contact = fleet.orchestrator.hosts[host]?.contact.rawValue ?? "unknown"
            let links = agent.links.keys.sorted().map { app in " \(app)→\(release(app, agent.links[app]?.current))" }
                .joined()
            let instances = agent.instances.values.sorted { $0.id < $1.id }.map { instance in
                let duty =
                    fleet.orchestrator.records[InstanceKey(host: host, instance: instance.id)]?.duty.word
                    ?? "unrecorded"
                return "  \(instance.id) \(instance.state.rawValue) \(instance.health.rawValue) \(duty)"
            }
            return ["\(host) \(contact)\(links)"] + instances
        }
    }

    private func release(_ app: AppName, _ identity: Digest?) -> String {
        fleet.store.releases.first { $0.app == app && $0.identity == identity }.map { "r\($0.number)" } ?? "none"
    }

    func balancer(_ host: HostName) -> [String] {
        (fleet.agents[host]?.balancers ?? [:]).values.flatMap { configuration in
            configuration.backends.flatMap { backend in
                ["\(backend.name):"]
                    + backend.servers.map {
                        "  \($0.instance) \($0.standing.rawValue)"
                            + ($0.weight == BalancerConfiguration.Server.weightUsual ? "" : " weight \($0.weight)")
                    }
            }
        }
    }

    func execution(_ id: Int) -> [String] {
        let known = Array(fleet.orchestrator.executions.values) + fleet.ended
        guard let execution = known.first(where: { $0.id == Int64(id) }) else { return ["there is none"] }
        return ["\(execution.kind.rawValue) of \(execution.app), \(execution.state.rawValue)"]
            + execution.machine.steps.flatMap { progress in
                ["\(progress.step.id). \(progress.step.title): \(progress.state.word)"]
                    + (progress.hold?.judgement?.lines.map { "   \($0)" } ?? [])
            }
    }
}
