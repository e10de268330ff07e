extension BalancerConfiguration {
    /// What a balancer on a host is to do, from what should be and what is.
    ///
    /// A backend without a server that serves is there all the same, and answers 503. Instances
    /// whose port is not known are left out. Routes come from git; the path that is
    /// checked comes from the release that runs.
    package static func make(
        balancer: BalancerSpec, host: HostSpec, desired: DesiredModel, records: [InstanceRecord], live: LiveModel
    ) -> BalancerConfiguration {
        var servers = ServerLists()
        for record in records { servers.set(server(of: record, desired, live.hosts), for: InstanceKey(record)) }
        return make(balancer: balancer, host: host, desired: desired, servers: servers)
    }

    static func make(
        balancer: BalancerSpec, host: HostSpec, desired: DesiredModel, servers: ServerLists
    ) -> BalancerConfiguration {
        var routes: Set<Route> = []
        var backends: [String: Backend] = [:]
        for app in desired.configuration.apps.values {
            for route in app.routes where route.balancer == nil || route.balancer == balancer.name {
                let name = "\(app.name).\(route.to)"
                routes.insert(Route(host: route.host, path: route.path, backend: name, cors: route.cors.sorted()))
                var backend =
                    backends[name]
                    ?? Backend(
                        name: name, servers: servers[app.name, route.to],
                        healthPath: healthPath(app, route.to, desired), drain: app.rollout.drain)
                backend.sticky = backend.sticky ?? route.sticky
                backend.websocket = backend.websocket || route.websocket
                backends[name] = backend
            }
        }
        return BalancerConfiguration(
            balancer: balancer.name, engine: balancer.engine,
            listeners: balancer.listeners(on: host),
            statisticsPort: balancer.statisticsPort, routes: routes.sorted { $0.order < $1.order },
            backends: backends.values.sorted { $0.name < $1.name })
    }

    private static func healthPath(_ app: AppSpec, _ process: ProcessName, _ desired: DesiredModel) -> String? {
        let spec = desired.releases[app.name]?.processes[process] ?? app.processes[process]
        guard case .http(let path)? = spec?.health?.kind else { return nil }
        return path
    }

    /// - Returns: nil when its port is not known, or its host not declared.
    static func server(
        of record: InstanceRecord, _ desired: DesiredModel, _ hosts: [HostName: LiveHost]
    ) -> Server? {
        guard let host = desired.configuration.hosts[record.host],
            let port = port(of: record, hosts[record.host]?.report)
        else { return nil }
        return Server(
            instance: record.id, host: record.host, address: host.address, port: port, standing: record.duty.standing,
            weight: record.weight ?? Server.weightUsual)
    }

    /// Until a host has reported, what is recorded holds: a control plane that has just started
    /// must not empty the balancers because the hosts come back one by one.
    private static func port(of record: InstanceRecord, _ report: HostReport?) -> Int? {
        guard let report else { return record.port }
        return report.instances.first { $0.id == record.id }?.port
    }
}

extension BalancerSpec {
    func listeners(on host: HostSpec) -> [BalancerConfiguration.Listener] {
        listeners.map {
            BalancerConfiguration.Listener(address: host.address, port: $0.port, certificate: $0.certificate)
        }
    }
}

extension BalancerConfiguration.Route {
    fileprivate var order: (String, String, String, String) { (host ?? "", path, backend, cors.joined(separator: " ")) }
}

extension InstanceRecord.Duty {
    fileprivate var standing: BalancerConfiguration.Server.Standing {
        switch self {
        case .serving: .serving
        case .starting, .warm: .standby
        case .leaving: .draining
        }
    }
}
