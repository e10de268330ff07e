import Core

/// Checks the names that files use of each other, once for all fabrics, and records who uses what.
struct ReferenceChecker {
    let declarations: Declarations
    let schema: SchemaReader

    private var log: DiagnosticLog { schema.log }

    func check() {
        for host in declarations.hosts.values { check(host) }
        for balancer in declarations.balancers.values { check(balancer) }
        for app in declarations.apps.values { check(app) }
        for fabric in declarations.fabrics.values { check(fabric) }
        checkOrder()
    }

    /// What the fabric's scrapes and logs name.
    private func check(_ fabric: FabricDeclaration) {
        let user = ConfigurationNoun.fabric(fabric.name.value)
        for selector in fabric.metrics.selectors + fabric.logs.selectors { use(selector, by: user) }
        for template in fabric.logs.templates {
            schema.uses.insert(ConfigurationUse(of: .template(template.value), by: user, at: template.position))
        }
        for (app, process) in fabric.metrics.processes {
            schema.uses.insert(ConfigurationUse(of: .app(app.value), by: user, at: app.position))
            check(app, in: declarations.apps, folder: "apps")
            guard let known = declarations.apps[app.value]?.processes, known[process.value] == nil else { continue }
            log.error(
                "process.unknown", at: process.position, "App \(app.value) has no process \(process.value).",
                hint: Suggestion.hint(for: process.value.text, in: known.keys.map(\.text)))
        }
    }

    private func check(_ host: HostDeclaration) {
        let user = ConfigurationNoun.host(host.name.value)
        for fabric in host.fabrics { use(fabric, by: user) }
        if host.fabrics.isEmpty, declarations.fabrics.count > 1 {
            log.error(
                "key.missing", at: host.name.position, "`fabric` is missing in host \(host.name.value).",
                hint: "write one of \(declarations.fabrics.keys.sorted().map(\.text).joined(separator: ", "))")
        }
        guard let reference = host.hostClass else { return }
        use(reference.map(\.name), by: user)
        guard let known = declarations.classes[reference.value.name]?.spec.version, known != reference.value.version
        else { return }
        log.error(
            "class.version", at: reference.position,
            "Class \(reference.value.name) has version \(known), and the host asks for \(reference.value.version).",
            hint: "write \(reference.value.name)@\(known)")
    }

    private func check(_ balancer: BalancerDeclaration) {
        let user = ConfigurationNoun.balancer(balancer.name.value)
        use(balancer.placement, by: user)
        let selector = balancer.placement.selector
        guard !selector.isUnrestricted, declarations.knows(balancer.placement), !schema.unreadFolders.contains("hosts"),
            !schema.unreadFolders.contains("classes")
        else { return }
        let isAdmitting = declarations.hosts.values.contains { host in
            let spec = HostSpec(
                name: host.name.value, address: "", hostClass: host.hostClass?.value.name,
                region: FabricResolver.regionDefault, zone: FabricResolver.zoneDefault, labels: host.labels)
            return selector.admits(
                spec, classLabels: host.hostClass.flatMap { declarations.classes[$0.value.name]?.spec.labels } ?? [:])
        }
        if !isAdmitting {
            log.error(
                "placement.none", at: balancer.placement.position, "No host can run balancer \(balancer.name.value).",
                hint: hostsHint)
        }
    }

    private func check(_ app: AppDeclaration) {
        for process in app.processes.values {
            let user = ConfigurationNoun.process(app.name.value, process.name.value)
            if case .byFabric(let counts) = process.instances {
                for fabric in counts.keys { use(fabric, by: user) }
            }
            if let placement = process.placement { use(placement, by: user) }
        }
        for other in app.after {
            schema.uses.insert(ConfigurationUse(of: .app(other.value), by: .app(app.name.value), at: other.position))
            check(other, in: declarations.apps, folder: "apps")
        }
        for route in app.routes {
            guard let balancer = route.balancer else { continue }
            schema.uses.insert(
                ConfigurationUse(of: .balancer(balancer.value), by: .app(app.name.value), at: balancer.position))
            check(balancer, in: declarations.balancers, folder: "balancers")
        }
    }

    /// Apps that wait for one another would never come up.
    private func checkOrder() {
        let after = declarations.apps.mapValues { $0.after.map(\.value) }
        guard let cycle = AppOrder(after: after).cycle, let first = cycle.first,
            let position = declarations.apps[first]?.after.first(where: { cycle.contains($0.value) })?.position
        else { return }
        log.error(
            "after.cycle", at: position, "Apps wait for one another.",
            cause: (cycle + [first]).map(\.text).joined(separator: " after ") + ".", hint: "remove one `after` of these"
        )
    }

    private func use(_ fabric: Located<FabricName>, by user: ConfigurationNoun) {
        schema.uses.insert(ConfigurationUse(of: .fabric(fabric.value), by: user, at: fabric.position))
        check(fabric, in: declarations.fabrics, folder: "fabrics")
    }

    private func use(_ hostClass: Located<HostClassName>, by user: ConfigurationNoun) {
        schema.uses.insert(ConfigurationUse(of: .hostClass(hostClass.value), by: user, at: hostClass.position))
        check(hostClass, in: declarations.classes, folder: "classes")
    }

    private func use(_ selector: SelectorDeclaration, by user: ConfigurationNoun) {
        if let hostClass = selector.hostClass { use(hostClass, by: user) }
        for host in selector.hosts {
            schema.uses.insert(ConfigurationUse(of: .host(host.value), by: user, at: host.position))
            guard declarations.hosts[host.value] == nil, !schema.unreadFolders.contains("hosts") else { continue }
            log.error(
                "host.unknown", at: host.position, "There is no host \(host.value).",
                hint: Suggestion.hint(for: host.value.text, in: declarations.hosts.keys.map(\.text)))
        }
    }

    /// A file that is there and could not be read has its own errors already.
    private func check<N: Name, Value>(_ name: Located<N>, in known: [N: Value], folder: String) {
        guard known[name.value] == nil, schema.tree.files["\(folder)/\(name.value).yaml"] == nil else { return }
        log.error(
            "\(folder == "classes" ? "class" : String(folder.dropLast())).unknown", at: name.position,
            "There is no \(N.noun) \(name.value).",
            hint: Suggestion.hint(for: name.value.text, in: known.keys.map(\.text))
                ?? "write \(folder)/\(name.value).yaml")
    }

    private var hostsHint: String {
        let names = declarations.hosts.keys.sorted().prefix(8).map(\.text)
        return names.isEmpty ? "write hosts/NAME.yaml" : "hosts: \(names.joined(separator: ", "))"
    }
}
