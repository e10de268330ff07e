/// What every balancer has counted, added up by app and release.
///
/// Each balancer tells its own running totals; the ledger adds what is new in them. So what is
/// told twice counts once, what was counted while nobody could be told arrives later, and a
/// balancer that begins again from nothing takes nothing away.
///
/// What a balancer counted before it was first heard is unknown: its first totals are only where
/// counting begins. A server that appears later begins at nothing.
package struct TrafficLedger: Hashable, Sendable {
    /// A balancer on a host.
    package struct Source: Codable, Hashable, Comparable, Sendable {
        package var host: HostName
        package var balancer: BalancerName

        package init(host: HostName, balancer: BalancerName) {
            self.host = host
            self.balancer = balancer
        }

        package static func < (left: Source, right: Source) -> Bool {
            (left.host, left.balancer) < (right.host, right.balancer)
        }
    }

    /// Totals as they were last told.
    private var positions: [AppName: [Source: [InstanceID: Traffic]]] = [:]
    /// Balancers that have told all their totals since the ledger was begun.
    private var heard: Set<Source> = []
    /// Balancers whose positions an earlier ledger kept, by app.
    private var restored: [AppName: Set<Source>] = [:]
    private var totals: [AppName: [Int: Traffic]] = [:]

    package init() {}

    /// - Parameters:
    ///   - servers: running totals; all of them the first time, then at least those that have changed.
    ///   - isLast: whether no more pieces of the same telling follow.
    ///   - isExpected: whether the balancer may tell of an instance that it has not told of before.
    /// - Returns: what is new, by app and release.
    @discardableResult
    package mutating func count(
        _ servers: [ServerTraffic], host: HostName, balancer: BalancerName, isLast: Bool = true,
        isExpected: (InstanceID) -> Bool = { _ in true }
    ) -> [AppName: [Int: Traffic]] {
        let source = Source(host: host, balancer: balancer)
        let isFirst = !heard.contains(source)
        if isLast { heard.insert(source) }
        var seen: [InstanceID: Traffic] = [:]
        // An instance that moves is two servers of one balancer for a while.
        for server in servers { seen[server.instance, default: Traffic()].add(server.traffic) }
        var news: [AppName: [Int: Traffic]] = [:]
        for (instance, traffic) in seen {
            let before = positions[instance.app]?[source]?[instance]
            guard before != nil || isExpected(instance) else { continue }
            positions[instance.app, default: [:]][source, default: [:]][instance] = traffic
            let begins = before == nil && isFirst && restored[instance.app]?.contains(source) != true
            guard !begins else { continue }
            let new = traffic.news(since: before ?? Traffic())
            guard new.requests > 0 || new.failed > 0 || new.latency.count > 0 else { continue }
            news[instance.app, default: [:]][instance.release, default: Traffic()].add(new)
        }
        for (app, releases) in news {
            for (release, traffic) in releases { totals[app, default: [:]][release, default: Traffic()].add(traffic) }
        }
        return news
    }

    /// By release, since the ledger was begun.
    package func served(by app: AppName) -> [Int: Traffic] { totals[app] ?? [:] }

    /// Forgets what other releases have served. Where their counters were is kept, without times,
    /// so that nothing counts twice should their balancers tell of them again.
    package mutating func forget(app: AppName, except releases: Set<Int>) {
        totals[app] = totals[app]?.filter { releases.contains($0.key) }
        positions[app] = positions[app]?.mapValues { servers in
            var servers = servers
            for instance in servers.keys where !releases.contains(instance.release) {
                servers[instance]?.latency = Latency()
            }
            return servers
        }
    }

    /// Forgets a balancer that is no more.
    package mutating func forget(_ source: Source) {
        for app in Array(positions.keys) { positions[app]?[source] = nil }
        heard.remove(source)
    }
}

extension Traffic {
    /// What is new in running totals.
    fileprivate func news(since earlier: Traffic) -> Traffic {
        var new = since(earlier)
        // A position that was kept without its times: which of these are new is not known.
        let isContinued = requests >= earlier.requests && failed >= earlier.failed
        if isContinued, earlier.requests > 0, earlier.latency.buckets.isEmpty { new.latency = Latency() }
        return new
    }
}

/// One app's part of a ledger, small enough to be saved while an execution runs: where each
/// balancer's counters were, without times.
package struct TrafficPositions: Codable, Hashable, Sendable {
    package struct Counts: Codable, Hashable, Sendable {
        package var requests: Int64
        package var failed: Int64
    }

    package struct Balancer: Codable, Hashable, Sendable {
        package var source: TrafficLedger.Source
        package var servers: [InstanceID: Counts]
    }

    package var balancers: [Balancer]
    /// By release.
    package var totals: [Int: Traffic]
}

extension TrafficLedger {
    package func positions(of app: AppName) -> TrafficPositions {
        // A balancer that was heard and has no server of the app is one where all begin at nothing.
        let sources = heard.union(restored[app] ?? [])
        let balancers = sources.sorted().map { source in
            TrafficPositions.Balancer(
                source: source,
                servers: (positions[app]?[source] ?? [:]).mapValues { .init(requests: $0.requests, failed: $0.failed) })
        }
        return TrafficPositions(balancers: balancers, totals: totals[app] ?? [:])
    }

    /// Goes on where an earlier ledger was: what balancers have counted since is new.
    package mutating func restore(_ saved: TrafficPositions, of app: AppName) {
        for balancer in saved.balancers {
            restored[app, default: []].insert(balancer.source)
            for (instance, counts) in balancer.servers where instance.app == app {
                positions[app, default: [:]][balancer.source, default: [:]][instance] = Traffic(
                    requests: counts.requests, failed: counts.failed)
            }
        }
        totals[app] = saved.totals
    }
}
