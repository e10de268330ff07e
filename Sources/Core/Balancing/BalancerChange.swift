/// What it takes to get from one balancer's configuration to the next.
package enum BalancerChange: Hashable, Sendable {
    case none
    /// The running HAProxy can be told, in this order.
    case servers([ServerChange])
    /// Listeners, routes or backends differ: HAProxy has to read its file again.
    case reload

    package init(from old: BalancerConfiguration, to new: BalancerConfiguration) {
        guard Self.skeleton(of: old) == Self.skeleton(of: new) else {
            self = .reload
            return
        }
        var changes: [ServerChange] = []
        for (before, after) in zip(old.backends, new.backends) { changes += Self.changes(from: before, to: after) }
        self = changes.isEmpty ? .none : .servers(changes.sorted { $0.rank < $1.rank })
    }

    /// Everything that the engine's file has, but the servers.
    private static func skeleton(of configuration: BalancerConfiguration) -> BalancerConfiguration {
        var skeleton = configuration
        for index in skeleton.backends.indices {
            skeleton.backends[index].servers = []
            skeleton.backends[index].drain = .seconds(0)
        }
        return skeleton
    }

    private static func changes(
        from old: BalancerConfiguration.Backend, to new: BalancerConfiguration.Backend
    ) -> [ServerChange] {
        let before = Dictionary(old.servers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let kept = Set(new.servers.map(\.name))
        var changes: [ServerChange] = []
        for server in new.servers {
            guard let previous = before[server.name] else {
                changes.append(ServerChange(backend: new.name, server: server, kind: .add))
                continue
            }
            if previous.address != server.address || previous.port != server.port {
                changes.append(ServerChange(backend: new.name, server: server, kind: .move))
            }
            if previous.standing != server.standing {
                changes.append(ServerChange(backend: new.name, server: server, kind: .stand))
            } else if previous.weight != server.weight {
                changes.append(ServerChange(backend: new.name, server: server, kind: .weigh))
            }
        }
        for server in old.servers where !kept.contains(server.name) {
            changes.append(ServerChange(backend: new.name, server: server, kind: .remove))
        }
        return changes
    }
}

/// One thing that a running balancer can be told about a server.
package struct ServerChange: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case add
        /// Another address or port.
        case move
        /// Another standing.
        case stand
        /// Another weight.
        case weigh
        case remove
    }

    package var backend: String
    /// As it is to be; for `remove`, as it was.
    package var server: BalancerConfiguration.Server
    package var kind: Kind

    /// What takes requests comes before what stops taking them, so that no backend is empty in
    /// between.
    var rank: Int {
        switch (kind, server.standing) {
        case (.move, _): 0
        case (.add, .serving): 1
        case (.stand, .serving), (.weigh, _): 2
        case (.add, _): 3
        case (.stand, _): 4
        case (.remove, _): 5
        }
    }
}
