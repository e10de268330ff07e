package import Core
package import Wire

extension FabricViews {
    /// - Parameters:
    ///   - releases: the app's.
    ///   - executions: the app's, without their steps; the newest first.
    /// - Returns: nil for an app that git does not declare and that has no instances.
    package func app(_ name: AppName, releases: [Release], executions: [ExecutionView]) -> AppDetailView? {
        let here = instances(of: name)
        let spec = desired.configuration.apps[name]
        guard spec != nil || !here.isEmpty else { return nil }
        let shown =
            here.count <= Self.instancesShownMax
            ? here : Array(here.sorted { $0.colour > $1.colour }.prefix(Self.instancesShownMax))
        let rollout = spec?.rollout ?? RolloutPolicy()
        let maker = ViewMaker(desired: desired, live: live, executions: self.executions)
        return AppDetailView(
            app: maker.app(name, instances: here), source: spec?.source.text ?? "no longer declared",
            build: spec?.build.word ?? "", routes: (spec?.routes ?? []).map(maker.route), instances: shown,
            releases: self.releases(of: name, releases), executions: executions,
            overrides: AppOverridesView(
                scale: desired.overrides.scale[name] ?? [:], pinned: desired.overrides.pinned[name]),
            rollout: RolloutView(
                strategy: rollout.strategy, summary: rollout.summary, batch: rollout.batch.description,
                parallelMax: rollout.parallelMax,
                warmSeconds: rollout.warm.milliseconds / 1000, automaticRollback: rollout.automaticRollback))
    }

    /// The app's releases, the newest first, each with what it is now.
    package func releases(of app: AppName, _ releases: [Release]) -> [ReleaseView] {
        var warm: [Int: Instant] = [:]
        for record in records.of(app).values {
            if case .warm(let until) = record.duty {
                warm[record.id.release] = max(warm[record.id.release] ?? until, until)
            }
        }
        let current = desired.releases[app]?.number
        return releases.sorted { $0.number > $1.number }.map { release in
            let standing: ReleaseView.Standing =
                release.number == current ? .current : warm[release.number] != nil ? .warm : .kept
            return ReleaseView(release, standing: standing, warmUntil: warm[release.number])
        }
    }
}

extension ViewMaker {
    func app(_ name: AppName, instances: [InstanceView]) -> AppView {
        let spec = desired.configuration.apps[name]
        let release = desired.releases[name]
        var counts = ColourCounts()
        for instance in instances { counts.add(instance.colour) }
        let processes = (release?.processes ?? spec?.processes ?? [:]).values.sorted { $0.name < $1.name }
            .map { process in view(of: process, name, instances.filter { $0.process == process.name }) }
        let standing = Self.standing(
            isDeclared: spec != nil, isDeployed: release != nil, counts, processes,
            worst: instances.max { $0.colour < $1.colour })
        return AppView(
            name: name, colour: standing.0, reason: standing.1, release: release?.number,
            version: release?.package.version, pinned: desired.overrides.pinned[name], counts: counts,
            processes: processes, execution: executions.first { $0.app == name && !$0.state.isEnded }?.id)
    }

    private func view(of process: ProcessSpec, _ app: AppName, _ instances: [InstanceView]) -> ProcessView {
        var counts = ColourCounts()
        for instance in instances { counts.add(instance.colour) }
        return ProcessView(
            name: process.name, desired: desired.instances(of: app, process),
            declared: desired.declaredInstances(of: app, process),
            ready: instances.count { $0.duty == .serving && $0.isReady }, counts: counts, run: process.run.text,
            memory: process.limits.memory, health: process.health?.kind.text)
    }

    func route(_ route: RouteSpec) -> RouteView {
        var urls: [String] = []
        for balancer in desired.configuration.balancers.values.sorted(by: { $0.name < $1.name })
        where route.balancer == nil || route.balancer == balancer.name {
            for host in desired.configuration.hosts.values.sorted(by: { $0.name < $1.name }) {
                let labels = host.hostClass.flatMap { desired.configuration.classes[$0] }?.labels ?? [:]
                guard balancer.hosts.admits(host, classLabels: labels) else { continue }
                let address = host.address.contains(":") ? "[\(host.address)]" : host.address
                urls += balancer.listeners.map { listener in
                    "\(listener.certificate == nil ? "http" : "https")://\(address):\(listener.port)\(route.path)"
                }
            }
        }
        return RouteView(host: route.host, path: route.path, to: route.to, balancer: route.balancer, urls: urls)
    }

    private static func standing(
        isDeclared: Bool, isDeployed: Bool, _ counts: ColourCounts, _ processes: [ProcessView], worst: InstanceView?
    ) -> (Colour, String) {
        if !isDeclared { return (.yellow, "no longer declared; its instances leave") }
        if !isDeployed { return (.yellow, "not deployed yet") }
        if let dead = processes.first(where: { $0.desired > 0 && $0.ready == 0 }), counts.red > 0 {
            return (.red, "none of \(dead.desired) \(dead.name) is ready")
        }
        if let worst, worst.colour == .red {
            return (
                .red,
                counts.red == 1
                    ? "\(worst.process).\(worst.slot): \(worst.reason)" : "\(counts.red) instances: \(worst.reason)"
            )
        }
        if let short = processes.first(where: { $0.ready < $0.desired }) {
            return (.yellow, "\(short.ready) of \(short.desired) \(short.name) ready")
        }
        if let worst, worst.colour == .yellow { return (.yellow, "\(worst.process).\(worst.slot): \(worst.reason)") }
        let ready = processes.reduce(0) { $0 + $1.ready }
        return (.green, "\(ready) ready")
    }
}

extension InstanceView {
    /// Whether it can do its work now.
    package var isReady: Bool { state == .running && colour != .red && (health == .healthy || health == .unchecked) }
}

extension SourceSpec {
    package var text: String {
        switch self {
        case .git(let url, let ref): "\(url) at \(ref)"
        case .folder(let path): "folder \(path)"
        }
    }
}

extension RunSpec {
    package var text: String {
        switch self {
        case .command(let command): command.text
        case .files(let folder): "files of \(folder)"
        }
    }
}

extension HealthProbe.Kind {
    package var text: String {
        switch self {
        case .http(let path): "http \(path)"
        case .tcp: "tcp"
        case .command(let command): command.text
        }
    }
}
