import Core
import Wire

/// What the server was told on one connection of what balancers have counted: the rest is news.
struct TrafficTold {
    /// Servers of one message: with all the times that they can have, these stay below the limit
    /// of a frame.
    private static let serversMax = 300

    private var told: [BalancerName: [InstanceID: Traffic]] = [:]

    /// Whether there is no balancer to tell of.
    var isEmpty: Bool { told.isEmpty }

    /// - Parameter totals: running totals of all servers, by balancer.
    /// - Returns: messages with those that the server does not know.
    mutating func news(in totals: [BalancerName: [ServerTraffic]]) -> [AgentMessage] {
        var messages: [AgentMessage] = []
        for (balancer, servers) in totals.sorted(by: { $0.key < $1.key }) {
            var now: [InstanceID: Traffic] = [:]
            // An instance that moved is there more than once.
            for server in servers { now[server.instance, default: Traffic()].add(server.traffic) }
            let before = told.updateValue(now, forKey: balancer)
            let changed = now.filter { before?[$0.key] != $0.value }.sorted { $0.key < $1.key }
            if changed.isEmpty && before != nil { continue }
            var start = 0
            repeat {
                let end = min(start + Self.serversMax, changed.count)
                let piece = changed[start..<end].map { ServerTraffic(instance: $0.key, traffic: $0.value) }
                messages.append(
                    .traffic([BalancerTraffic(balancer: balancer, servers: piece, isLast: end == changed.count)]))
                start = end
            } while start < changed.count
        }
        return messages
    }
}

extension CommandID {
    /// Whether it gives a balancer its configuration, by which traffic moves.
    var isOfBalancer: Bool { text.hasPrefix("balance/") }
}
