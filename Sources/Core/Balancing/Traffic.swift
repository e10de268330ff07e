/// What was answered, and how well.
package struct Traffic: Codable, Hashable, Sendable {
    package var requests: Int64
    /// Requests that got a 5xx, or no answer at all.
    package var failed: Int64
    /// Of the requests whose time is known: all, or a sample of them.
    package var latency: Latency

    package init(requests: Int64 = 0, failed: Int64 = 0, latency: Latency = Latency()) {
        self.requests = requests
        self.failed = failed
        self.latency = latency
    }

    package mutating func add(_ other: Traffic) {
        requests += other.requests
        failed += other.failed
        latency.add(other.latency)
    }

    /// What came since an earlier state of the same counters. Counters that began again from
    /// nothing meanwhile count from there.
    package func since(_ earlier: Traffic) -> Traffic {
        guard requests >= earlier.requests, failed >= earlier.failed else { return self }
        return Traffic(
            requests: requests - earlier.requests, failed: failed - earlier.failed,
            latency: latency.since(earlier.latency))
    }
}

/// What a balancer has counted for one of its servers since the balancer was started.
package struct ServerTraffic: Codable, Hashable, Sendable {
    package var instance: InstanceID
    package var traffic: Traffic

    package init(instance: InstanceID, traffic: Traffic) {
        self.instance = instance
        self.traffic = traffic
    }
}

/// What every balancer has counted, added up by app and release.
///
/// Each balancer tells its own running totals; the ledger adds what is new in them, so a balancer
/// that begins again from nothing takes nothing away.
package struct TrafficLedger: Codable, Hashable, Sendable {
    private struct Source: Codable, Hashable, Sendable {
        var host: HostName
        var balancer: BalancerName
    }

    private var lastSeen: [Source: [InstanceID: Traffic]] = [:]
    private var totals: [AppName: [Int: Traffic]] = [:]

    package init() {}

    package mutating func count(_ servers: [ServerTraffic], host: HostName, balancer: BalancerName) {
        var seen: [InstanceID: Traffic] = [:]
        // An instance that moves is two servers of one balancer for a while.
        for server in servers { seen[server.instance, default: Traffic()].add(server.traffic) }
        let source = Source(host: host, balancer: balancer)
        let before = lastSeen[source] ?? [:]
        for (instance, traffic) in seen {
            let new = before[instance].map { traffic.since($0) } ?? traffic
            totals[instance.app, default: [:]][instance.release, default: Traffic()].add(new)
        }
        lastSeen[source] = seen
    }

    /// By release, since the ledger was begun.
    package func served(by app: AppName) -> [Int: Traffic] { totals[app] ?? [:] }

    /// Forgets releases that nobody asks for any more.
    package mutating func forget(app: AppName, except releases: Set<Int>) {
        totals[app] = totals[app]?.filter { releases.contains($0.key) }
    }
}
