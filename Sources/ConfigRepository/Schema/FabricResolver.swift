import Core

/// Makes one fabric's configuration out of the declarations, and checks everything that one file
/// cannot know of another.
struct FabricResolver {
    /// Where a host is when neither it nor its fabric says so.
    static let regionDefault = RegionName(checked: "local")
    static let zoneDefault = ZoneName(checked: "a")

    let fabric: FabricDeclaration
    let declarations: Declarations
    let schema: SchemaReader

    private var log: DiagnosticLog { schema.log }
    private var name: FabricName { fabric.name.value }

    func resolve(commit: String) -> FabricConfiguration {
        var configuration = FabricConfiguration(fabric: name, commit: commit, policy: fabric.policy)
        configuration.classes = declarations.classes.mapValues(\.spec)
        configuration.dashboards = declarations.dashboards
        for host in sorted(declarations.hosts) where belongs(host) {
            configuration.hosts[host.name.value] = spec(of: host)
        }
        reportSharedAddresses(configuration)
        for balancer in sorted(declarations.balancers) {
            let spec = BalancerSpec(
                name: balancer.name.value, engine: balancer.engine, hosts: balancer.placement.selector,
                listeners: balancer.listeners, statisticsPort: balancer.statisticsPort)
            if hostsAdmitted(by: spec.hosts, in: configuration).isEmpty { continue }
            configuration.balancers[spec.name] = spec
        }
        let ports = reportSharedPorts(configuration)
        reportSharedListeners(configuration, ports)
        for app in sorted(declarations.apps) {
            guard let spec = spec(of: app, in: configuration) else { continue }
            configuration.apps[spec.name] = spec
        }
        // An app that is not in the fabric holds up nobody there.
        let present = Set(configuration.apps.keys)
        for name in present { configuration.apps[name]?.after.removeAll { !present.contains($0) } }
        reportSharedRoutes(configuration)
        return configuration
    }

    private func sorted<Key: Comparable, Value>(_ values: [Key: Value]) -> [Value] {
        values.sorted { $0.key < $1.key }.map(\.value)
    }

    private func belongs(_ host: HostDeclaration) -> Bool {
        if host.fabrics.isEmpty { return declarations.fabrics.count == 1 }
        return host.fabrics.contains { $0.value == name }
    }

    private func spec(of host: HostDeclaration) -> HostSpec {
        let zone = host.zone?.value ?? onlyZone ?? Self.zoneDefault
        if let regions = fabric.regions, regions[zone] == nil {
            let known = regions.keys.map(\.text)
            if let written = host.zone {
                log.error(
                    "zone.unknown", at: written.position, "Fabric \(name) has no zone \(zone).",
                    hint: Suggestion.hint(for: zone.text, in: known))
            } else {
                log.error(
                    "key.missing", at: host.name.position, "`zone` is missing in host \(host.name.value).",
                    hint: "write one of fabric \(name): \(known.sorted().joined(separator: ", "))")
            }
        }
        return HostSpec(
            name: host.name.value, address: host.address?.value.text ?? "127.0.0.1",
            hostClass: host.hostClass?.value.name, region: fabric.regions?[zone] ?? Self.regionDefault, zone: zone,
            labels: host.labels, memory: host.memory)
    }

    private var onlyZone: ZoneName? {
        guard let regions = fabric.regions, regions.count == 1 else { return nil }
        return regions.keys.first
    }

    private func reportSharedAddresses(_ configuration: FabricConfiguration) {
        var owners: [[UInt8]: HostName] = [:]
        for name in configuration.hosts.keys.sorted() {
            guard let address = declarations.hosts[name]?.address else { continue }
            if let owner = owners[address.value.bytes] {
                log.error(
                    "address.duplicate", at: address.position,
                    "Host \(owner) has the address \(address.value.text) already.",
                    hint: "give each host its own")
            }
            owners[address.value.bytes] = name
        }
    }

    private func hostsAdmitted(by selector: HostSelector, in configuration: FabricConfiguration) -> [HostSpec] {
        configuration.hosts.values.filter { host in
            selector.admits(host, classLabels: host.hostClass.flatMap { configuration.classes[$0]?.labels } ?? [:])
        }
    }

    /// - Returns: whose each port of each host is.
    private func reportSharedPorts(_ configuration: FabricConfiguration) -> [HostName: [Int: BalancerName]] {
        var owners: [HostName: [Int: BalancerName]] = [:]
        for (name, spec) in configuration.balancers.sorted(by: { $0.key < $1.key }) {
            guard let declaration = declarations.balancers[name] else { continue }
            for host in hostsAdmitted(by: spec.hosts, in: configuration) {
                for port in declaration.ports {
                    if let owner = owners[host.name]?[port.value], owner != name {
                        log.error(
                            "port.duplicate", at: port.position,
                            "Balancer \(owner) listens on port \(port.value) of host \(host.name) already.")
                    }
                    owners[host.name, default: [:]][port.value] = name
                }
            }
        }
        return owners
    }

    /// Two listeners for syslog on one port or socket of a host, or one on a balancer's port.
    private func reportSharedListeners(
        _ configuration: FabricConfiguration, _ balancers: [HostName: [Int: BalancerName]]
    ) {
        var taken: [HostName: Set<SyslogSpec.Listener>] = [:]
        for listener in fabric.logs.listeners {
            let spec = listener.value
            let hosts = configuration.hosts.values.filter {
                spec.hosts.admits($0, classLabels: configuration.classLabels(of: $0))
            }.map(\.name).sorted()
            for host in hosts {
                var owner: String?
                if case .stream(let port) = spec.listener { owner = balancers[host]?[port].map { "Balancer \($0)" } }
                if !taken[host, default: []].insert(spec.listener).inserted { owner = "Another listener for syslog" }
                guard let owner else { continue }
                log.error(
                    "listener.duplicate", at: listener.position, "\(owner) is there already, on host \(host).",
                    hint: "use another port or socket, or name hosts with `on`")
                break
            }
        }
    }

    // An app is in a fabric if one of its processes names it or runs everywhere.
    private func spec(of app: AppDeclaration, in configuration: FabricConfiguration) -> AppSpec? {
        guard app.processes.values.contains(where: { $0.instances(in: name) != nil }) else { return nil }
        var processes: [ProcessName: ProcessSpec] = [:]
        for (key, process) in app.processes {
            var spec = process.spec
            let instances = process.instances(in: name)
            spec.instances = instances?.value ?? 0
            spec.placement = process.placement?.selector ?? HostSelector()
            processes[key] = spec
            if let instances, instances.value > 0, hostsAdmitted(by: spec.placement, in: configuration).isEmpty {
                reportHomeless(app, process, at: process.placement?.position ?? instances.position, in: configuration)
            }
        }
        reportUnbalanced(app, in: configuration)
        return AppSpec(
            name: app.name.value, source: app.source, build: app.build, processes: processes, config: app.config,
            environment: app.environment, routes: app.routes.map(\.spec), rollout: app.rollout,
            after: app.after.map(\.value))
    }

    private func reportHomeless(
        _ app: AppDeclaration, _ process: ProcessDeclaration, at position: SourcePosition,
        in configuration: FabricConfiguration
    ) {
        // Hosts that could not be read may well be the ones.
        guard !schema.unreadFolders.contains("hosts"), !schema.unreadFolders.contains("classes") else { return }
        // A name that does not exist has an error of its own.
        guard process.placement.map(declarations.knows) ?? true else { return }
        log.error(
            "placement.none", at: position,
            "No host of fabric \(name) can run process \(process.name.value) of app \(app.name.value).",
            cause: configuration.hosts.isEmpty ? "The fabric has no host." : "`on` admits none of its hosts.",
            hint: configuration.hosts.isEmpty
                ? "add a host with `fabric: \(name)`, or write `instances: { \(name): 0 }`"
                : "hosts of \(name): \(configuration.hosts.keys.sorted().prefix(8).map(\.text).joined(separator: ", "))"
        )
    }

    private func reportUnbalanced(_ app: AppDeclaration, in configuration: FabricConfiguration) {
        guard !schema.unreadFolders.contains("balancers"), !schema.unreadFolders.contains("hosts") else { return }
        for route in app.routes {
            if let balancer = route.balancer {
                guard declarations.balancers[balancer.value] != nil, configuration.balancers[balancer.value] == nil
                else { continue }
                log.warning(
                    "route.unbalanced", at: balancer.position,
                    "Balancer \(balancer.value) runs on no host of fabric \(name), so this route is not served there.")
            } else if configuration.balancers.isEmpty {
                log.warning(
                    "route.unbalanced", at: route.position,
                    "Fabric \(name) has no balancer, so this route is not served there.",
                    hint: "write balancers/edge.yaml")
            }
        }
    }

    private struct RouteKey: Hashable {
        var host: String?
        var path: String
        var balancer: BalancerName
    }

    private func reportSharedRoutes(_ configuration: FabricConfiguration) {
        var owners: [RouteKey: AppName] = [:]
        for app in configuration.apps.keys.sorted() {
            for route in declarations.apps[app]?.routes ?? [] {
                let balancers = route.spec.balancer.map { [$0] } ?? configuration.balancers.keys.sorted()
                for balancer in balancers {
                    let key = RouteKey(host: route.spec.host, path: route.spec.path, balancer: balancer)
                    if let owner = owners[key] {
                        let what = "\(route.spec.host ?? "every host")\(route.spec.path)"
                        log.error(
                            "route.duplicate", at: route.position, "App \(owner) has a route for \(what) already.",
                            hint: "give one of them another host or path")
                        break
                    }
                    owners[key] = app
                }
            }
        }
    }
}
