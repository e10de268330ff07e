/// One balancer on one host.
struct BalancerKey: Hashable, Comparable {
    var host: HostName
    var balancer: BalancerName

    static func < (left: BalancerKey, right: BalancerKey) -> Bool {
        (left.host, left.balancer) < (right.host, right.balancer)
    }
}

/// A balancer on a host, as git declares the two.
struct DeclaredBalancer {
    var key: BalancerKey
    var spec: BalancerSpec
    var host: HostSpec
}

/// The last configuration that a balancer was sent, and whether it said that it runs it.
struct BalancerPush {
    var order: String
    var configuration: BalancerConfiguration
    var isAcknowledged = false
    var problem: Problem?
    var sentAt: Instant
    var timeout = Interval.seconds(0)
    /// The last farewell that the configuration was made after.
    var farewell: Int64
}

/// A traffic step that waits for balancers.
struct Handover {
    var step: Int
    var waitsFor: Set<BalancerKey>
    var draining: [InstanceID]
}

extension Orchestrator {
    private static let pushTimeout = Interval.seconds(30)
    /// A refused configuration is tried again after this long, since what refused it (a busy
    /// port, a full disk) may have passed.
    private static let retryAfter = Interval.seconds(30)

    mutating func handOver(
        _ step: Step, app: AppName, duties: [DutyChange], drains: Bool, at now: Instant
    ) {
        var changes: [InstanceKey: InstanceRecord?] = [:]
        for change in duties {
            let key = InstanceKey(host: change.host, instance: change.instance)
            // What is recorded keeps its port.
            var record = records[key] ?? InstanceRecord(id: change.instance, host: change.host, duty: .starting)
            record.duty = change.duty.recorded(at: now)
            record.weight = change.weight
            changes[key] = record
        }
        save(changes)
        // Where nothing begins to serve, those that give their duty up are about to be stopped.
        let stopsAll = !duties.contains { $0.duty == .serve }
        let draining = drains ? duties.filter { $0.duty == .leave || stopsAll }.map(\.instance) : []
        handovers[app] = Handover(step: step.id, waitsFor: [], draining: draining)
        refreshBalancers(at: now)
        let unsettled = declaredBalancers.map(\.key).filter { !isSettled($0) }
        if let refused = unsettled.compactMap({ balancers[$0]?.problem }).first {
            endHandover(of: app, problem: refused, at: now)
        } else if unsettled.isEmpty {
            endHandover(of: app, problem: nil, at: now)
        } else {
            handovers[app]?.waitsFor = Set(unsettled)
        }
    }

    /// A balancer that is silent may still serve by its last configuration: it is waited for until
    /// its host is lost.
    private func isSettled(_ key: BalancerKey) -> Bool {
        switch hosts[key.host]?.contact {
        case .connected: balancers[key]?.isAcknowledged == true
        case .silent: false
        case .lost, .expected, nil: true
        }
    }

    /// Whether a balancer has been sent a configuration and has not answered yet.
    package var isBalancing: Bool { balancers.values.contains { !$0.isAcknowledged && $0.problem == nil } }

    /// Which balancers there are to be, after the configuration has changed.
    mutating func findBalancers() {
        guard let configuration = desired?.configuration else { return }
        let declared = configuration.balancers.values.flatMap { spec in
            configuration.hosts.values
                .filter { spec.hosts.admits($0, classLabels: configuration.classLabels(of: $0)) }
                .map { DeclaredBalancer(key: BalancerKey(host: $0.name, balancer: spec.name), spec: spec, host: $0) }
        }
        declaredBalancers = declared.sorted { $0.key < $1.key }
        balancerHosts = Set(declared.map(\.host.name))
        settleFarewells()
    }

    /// Lists every server anew, since addresses may have changed.
    mutating func listServers() {
        servers = ServerLists()
        for app in records.apps {
            // In order, so that each one is added at the end.
            for key in records.of(app).keys.sorted() { listServer(key) }
        }
    }

    /// Lists the server of an instance whose record or port has changed.
    mutating func listServer(_ key: InstanceKey) {
        guard let desired else { return }
        let server = records[key].flatMap { BalancerConfiguration.server(of: $0, desired, hosts) }
        if servers.set(server, for: key) { balancersAreStale = true }
    }

    /// A lost host's balancers are waited for no longer. What they were sent must not reach them when
    /// the host is back: what it gives requests to may have ended meanwhile.
    mutating func giveUpBalancers(on host: HostName, at now: Instant) {
        for key in balancers.keys.sorted() where key.host == host { withdraw(key) }
        for app in handovers.keys.sorted() {
            guard let waitsFor = handovers[app]?.waitsFor, waitsFor.contains(where: { $0.host == host }) else {
                continue
            }
            let rest = waitsFor.filter { $0.host != host }
            handovers[app]?.waitsFor = rest
            if rest.isEmpty { endHandover(of: app, problem: nil, at: now) }
        }
    }

    private mutating func endHandover(of app: AppName, problem: Problem?, at now: Instant) {
        guard let handover = handovers.removeValue(forKey: app) else { return }
        feed(.stepEnded(handover.step, problem), to: app, at: now)
    }

    /// Sends each balancer its configuration when that is not what it was sent last.
    mutating func refreshBalancers(at now: Instant) {
        guard balancersAreStale, let desired else { return }
        balancersAreStale = false
        // What balancers of one name do differs in their hosts' addresses alone.
        var made: [BalancerName: BalancerConfiguration] = [:]
        for declared in declaredBalancers where hosts[declared.key.host]?.contact == .connected {
            let key = declared.key
            var configuration =
                made[key.balancer]
                ?? BalancerConfiguration.make(
                    balancer: declared.spec, host: declared.host, desired: desired, servers: servers)
            made[key.balancer] = configuration
            configuration.listeners = declared.spec.listeners(on: declared.host)
            if let last = balancers[key], last.configuration == configuration,
                last.problem == nil || now < last.sentAt + Self.retryAfter
            {
                // What has changed makes no difference to this balancer.
                balancers[key]?.farewell = farewells.count
                if last.isAcknowledged { farewells.confirm(farewells.count, by: key) }
                continue
            }
            push(configuration, to: key, at: now)
        }
        let keys = Set(declaredBalancers.map(\.key))
        for key in balancers.keys where !keys.contains(key) {
            balancers[key] = nil
            traffic.forget(TrafficLedger.Source(host: key.host, balancer: key.balancer))
        }
        settleFarewells()
    }

    /// What is on its way is not wanted any more.
    private mutating func withdraw(_ key: BalancerKey) {
        guard let last = balancers.removeValue(forKey: key), !last.isAcknowledged, last.problem == nil else { return }
        pending.append(.cancelOrder(id: last.order, host: key.host))
    }

    private mutating func push(_ configuration: BalancerConfiguration, to key: BalancerKey, at now: Instant) {
        // What is on its way is overtaken: its host must not take it up after this one, nor wait for
        // connections to end that this one may need again.
        withdraw(key)
        pushCount += 1
        let order = "balance/\(settings.fence)/\(pushCount)"
        balancers[key] = BalancerPush(
            order: order, configuration: configuration, sentAt: now, farewell: farewells.count)
        // Only servers that no longer serve can come to rest.
        let known = Set(
            configuration.backends.flatMap { $0.servers.filter { $0.standing != .serving }.map(\.instance) })
        // What leaves and was not waited for, because its execution ended, is waited for now.
        let leaving = farewells.waiting(for: key).filter { records[$0]?.duty == .leaving }.map(\.instance)
        let drained = Set(handovers.values.flatMap(\.draining) + leaving).filter(known.contains).sorted()
        let apps = Set(drained.map(\.app))
        let drain = apps.compactMap { desired?.configuration.apps[$0]?.rollout.drain }.max() ?? .seconds(0)
        balancers[key]?.timeout = Self.pushTimeout + drain
        pending.append(
            .send(
                HostOrder(
                    id: order, host: key.host, timeout: Self.pushTimeout + drain,
                    operation: .balance(configuration, drained: drained))))
        // Whoever waits for this balancer waits for the newest configuration.
        for app in handovers.keys where handovers[app]?.waitsFor.isEmpty == false {
            handovers[app]?.waitsFor.insert(key)
        }
    }

    mutating func balancerOrderEnded(_ order: String, _ problem: Problem?, at now: Instant) {
        guard let key = balancers.first(where: { $0.value.order == order })?.key else { return }
        balancers[key]?.problem = problem
        balancers[key]?.isAcknowledged = problem == nil
        if problem == nil, let number = balancers[key]?.farewell {
            farewells.confirm(number, by: key)
            settleFarewells()
        }
        if let problem { pending.append(.announce(.balancerRefused(key.host, key.balancer, problem))) }
        for app in handovers.keys.sorted() where handovers[app]?.waitsFor.contains(key) == true {
            handovers[app]?.waitsFor.remove(key)
            if problem != nil || handovers[app]?.waitsFor.isEmpty == true {
                endHandover(of: app, problem: problem, at: now)
            }
        }
    }

    /// An order that no agent has answered for so long is lost: its balancer is sent another.
    mutating func forgetUnansweredBalancers(at now: Instant) {
        for (key, push) in balancers.sorted(by: { $0.key < $1.key })
        where !push.isAcknowledged && push.problem == nil && now > push.sentAt + push.timeout + Self.retryAfter {
            withdraw(key)
            balancersAreStale = true
        }
    }

    /// A host that comes back may run anything: it is sent its configuration again.
    mutating func forgetBalancers(on host: HostName) {
        guard balancerHosts.contains(host) else { return }
        for key in balancers.keys where key.host == host && balancers[key]?.isAcknowledged == true {
            balancers[key] = nil
        }
        balancersAreStale = true
    }

    /// A balancer that reports that it does not run is sent its configuration again.
    mutating func noteBalancers(_ report: HostReport) {
        for balancer in report.balancers where !balancer.isRunning {
            let key = BalancerKey(host: report.host, balancer: balancer.name)
            guard balancers[key]?.isAcknowledged == true else { continue }
            balancers[key] = nil
            balancersAreStale = true
        }
    }
}
