import Core
import Wire

/// The loop at one moment, with everything that views say about it worked out once.
struct FabricPicture: Sendable {
    let loop: Orchestrator
    let at: Instant
    let standing: FleetStanding?
    let placement: Placement?
    let instances: [InstanceView]

    init(loop: Orchestrator, at now: Instant) {
        self.loop = loop
        at = now
        guard let desired = loop.desired else {
            standing = nil
            placement = nil
            instances = []
            return
        }
        let live = loop.live(at: now)
        let standing = FleetStanding(desired: desired, live: live)
        let placement = Placement(desired: desired, live: live, standing: standing, current: loop.currentHosts())
        self.standing = standing
        self.placement = placement
        let deltas = Delta.all(
            desired: desired, live: live, records: Array(loop.records.values), placement: placement)
        let found = Dictionary(
            live.hosts.values.flatMap { host in
                (host.report?.instances ?? []).map { (InstanceKey(host: host.name, instance: $0.id), $0) }
            }) { first, _ in first }
        instances = deltas.map { delta in
            let key = InstanceKey(host: delta.host, instance: delta.instance)
            return InstanceView(
                delta, record: loop.records[key], live: found[key], host: desired.configuration.hosts[delta.host],
                contact: loop.hosts[delta.host]?.contact, desired: desired)
        }
    }

    func hostViews() -> [HostView] {
        let configuration = loop.desired?.configuration
        let names = Set(loop.hosts.keys).union(configuration?.hosts.keys.map { $0 } ?? [])
        let byHost = Dictionary(grouping: instances, by: \.host)
        return names.sorted().map { name in
            hostView(name, spec: configuration?.hosts[name], live: loop.hosts[name], instances: byHost[name] ?? [])
        }
    }

    private func hostView(_ name: HostName, spec: HostSpec?, live: LiveHost?, instances: [InstanceView]) -> HostView {
        var counts = ColourCounts()
        for instance in instances { counts.add(instance.colour) }
        let isDrained = loop.desired?.overrides.drained.contains(name) ?? false
        let balancers = (live?.report?.balancers ?? []).map {
            BalancerView(name: $0.name, isRunning: $0.isRunning, applied: $0.applied, problem: $0.failure)
        }
        let (colour, reason) = Self.standing(of: live, isDeclared: spec != nil, isDrained: isDrained, balancers: balancers)
        let placed = loop.records.values.filter { $0.host == name && $0.duty != .leaving }.reduce(Int64(0)) { sum, record in
            sum + (loop.desired?.releases[record.id.app]?.processes[record.id.process]?.limits.memory?.bytes ?? 0)
        }
        return HostView(
            name: name, address: spec?.address, hostClass: spec?.hostClass,
            classVersion: spec?.hostClass.flatMap { loop.desired?.configuration.classes[$0]?.version },
            region: spec?.region, zone: spec?.zone, labels: spec?.labels ?? [:], contact: live?.contact ?? .expected,
            lastHeard: live?.lastHeard, isDrained: isDrained, colour: colour, reason: reason, counts: counts,
            memory: spec?.memory ?? live?.report?.facts.memory, memoryPlaced: ByteCount(bytes: placed),
            processors: live?.report?.facts.processors, system: live?.report?.facts.system,
            agentVersion: live?.report?.facts.agentVersion, balancers: balancers)
    }

    private static func standing(
        of live: LiveHost?, isDeclared: Bool, isDrained: Bool, balancers: [BalancerView]
    ) -> (Colour, String) {
        if !isDeclared { return (.yellow, "it has joined, and git does not declare it") }
        switch live?.contact {
        case .lost: return (.red, "it is lost: silent for longer than the grace period")
        case .silent: return (.yellow, "it is silent")
        case .expected, nil: return (.yellow, "no agent has joined")
        case .connected: break
        }
        if let refused = balancers.first(where: { $0.problem != nil }), let problem = refused.problem {
            return (.red, "balancer \(refused.name): \(problem.sentence) \(problem.cause)")
        }
        if let ended = balancers.first(where: { !$0.isRunning }) { return (.red, "balancer \(ended.name) does not run") }
        return isDrained ? (.yellow, "it is drained") : (.green, "connected")
    }

    func appViews(builds: BuildFeed) -> [AppView] {
        guard let desired = loop.desired else { return [] }
        let byApp = Dictionary(grouping: instances, by: \.app)
        let names = Set(desired.configuration.apps.keys).union(byApp.keys)
        return names.sorted().map { appView($0, instances: byApp[$0] ?? [], desired: desired, builds: builds) }
    }

    private func appView(_ name: AppName, instances: [InstanceView], desired: DesiredModel, builds: BuildFeed) -> AppView {
        var counts = ColourCounts()
        for instance in instances { counts.add(instance.colour) }
        let release = desired.releases[name]
        let refusals = placement?.refusals.filter { $0.slot.app == name } ?? []
        let (colour, reason) = standing(
            of: name, instances: instances, refusals: refusals, isDeclared: desired.configuration.apps[name] != nil,
            isDeployed: release != nil, isBuilding: builds.running(name) != nil)
        return AppView(
            name: name, colour: colour, reason: reason, release: release?.number, version: release?.package.version,
            pinned: desired.overrides.pinned[name], counts: counts,
            processes: processViews(name, instances: instances, desired: desired),
            execution: loop.executions[name].map { ExecutionID(checked: "\($0.id)") })
    }

    private func standing(
        of app: AppName, instances: [InstanceView], refusals: [Placement.Refusal], isDeclared: Bool, isDeployed: Bool,
        isBuilding: Bool
    ) -> (Colour, String) {
        if !isDeclared { return (.yellow, "it is no longer in git, and is being removed") }
        if let running = loop.executions[app] {
            let words = "\(running.kind.rawValue) \(running.state.rawValue)"
            let worst = instances.contains { $0.colour == .red && $0.duty == .serving }
            return worst ? (.red, "\(words), and instances have failed") : (.yellow, words)
        }
        if isBuilding { return (.yellow, "it is being built") }
        if !isDeployed { return (.yellow, "it is not deployed yet") }
        if let refusal = refusals.first {
            return (.red, refusals.count == 1 ? refusal.text : "\(refusals.count) instances have no place: \(refusal.text)")
        }
        let red = instances.filter { $0.colour == .red }
        if let first = red.first { return (.red, red.count == 1 ? "\(first.id): \(first.reason)" : "\(red.count) instances: \(first.reason)") }
        let yellow = instances.filter { $0.colour == .yellow }
        if let first = yellow.first { return (.yellow, "\(first.id): \(first.reason)") }
        return (.green, "as it should be")
    }

    private func processViews(_ app: AppName, instances: [InstanceView], desired: DesiredModel) -> [ProcessView] {
        let declared = desired.configuration.apps[app]?.processes ?? [:]
        return declared.values.sorted { $0.name < $1.name }.map { process in
            let mine = instances.filter { $0.process == process.name }
            var counts = ColourCounts()
            for instance in mine { counts.add(instance.colour) }
            let run =
                switch process.run {
                case .command(let command): command.text
                case .files(let folder): "files of \(folder)"
                }
            return ProcessView(
                name: process.name, desired: desired.instances(of: app, process), declared: process.instances,
                ready: mine.count { $0.duty == .serving && $0.colour == .green }, counts: counts, run: run,
                memory: process.limits.memory, health: process.health.map(\.summary))
        }
    }

    func routeView(_ route: RouteSpec) -> RouteView {
        var urls: [String] = []
        for balancer in loop.desired?.configuration.balancers.values.sorted(by: { $0.name < $1.name }) ?? [] {
            guard route.balancer == nil || route.balancer == balancer.name, let desired = loop.desired else { continue }
            for host in desired.configuration.hosts.values.sorted(by: { $0.name < $1.name })
            where balancer.hosts.admits(host, classLabels: desired.classLabels(of: host)) {
                for listener in balancer.listeners {
                    let scheme = listener.certificate == nil ? "http" : "https"
                    let address = host.address.contains(":") ? "[\(host.address)]" : host.address
                    urls.append("\(scheme)://\(address):\(listener.port)\(route.path)")
                }
            }
        }
        return RouteView(host: route.host, path: route.path, to: route.to, balancer: route.balancer, urls: urls)
    }
}

extension HealthProbe {
    var summary: String {
        switch kind {
        case .http(let path): "GET \(path) every \(interval)"
        case .tcp: "connect every \(interval)"
        case .command(let command): "\(command.text) every \(interval)"
        }
    }
}
