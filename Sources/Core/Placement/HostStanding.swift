/// What a host may be used for now.
package enum HostStanding: Hashable, Sendable {
    /// Takes new instances and keeps what it has.
    case open
    /// Keeps what it has, and takes nothing new: silent for a while, or never joined.
    case closed(reason: String)
    /// What it has belongs elsewhere: drained, lost, or no longer in git.
    case leaving(reason: String)

    package var isOpen: Bool { self == .open }
    package var isLeaving: Bool { if case .leaving = self { true } else { false } }
}

/// The standing of every host, and whether the control plane should doubt its own sight.
package struct FleetStanding: Hashable, Sendable {
    package var hosts: [HostName: HostStanding]
    /// Said when more hosts are lost than `FabricPolicy.lostHostsMax` allows. Nothing is moved then.
    package var blindness: String?

    package init(desired: DesiredModel, live: LiveModel) {
        let policy = desired.configuration.policy
        let drained = desired.overrides.drained
        var seen: [(host: HostName, contact: LiveHost.Contact?, isDrained: Bool)] = []
        seen.reserveCapacity(desired.configuration.hosts.count)
        for host in desired.configuration.hosts.keys {
            seen.append((host, live.contact(of: host), drained.contains(host)))
        }
        // A drained host that is switched off is no surprise.
        let joined = seen.count { $0.contact != nil && $0.contact != .expected && !$0.isDrained }
        let lost = seen.count { $0.contact == .lost && !$0.isDrained }
        let isBlind =
            lost > Self.lostMax(policy.lostHostsMax, of: joined) || (joined > 1 && lost == joined)
        if isBlind {
            blindness =
                "\(lost) of \(joined) hosts are silent, more than \(policy.lostHostsMax) may be replaced: "
                + "nothing is moved, since it may be the control plane that is cut off."
        }
        hosts = Dictionary(
            uniqueKeysWithValues: seen.map {
                ($0.host, Self.standing($0.contact, isDrained: $0.isDrained, isBlind: isBlind))
            })
    }

    package subscript(host: HostName) -> HostStanding {
        hosts[host] ?? .leaving(reason: "it is not in the configuration")
    }

    /// Rounded down, since the share is a limit: 34% of three hosts is one. One host may always be lost.
    private static func lostMax(_ share: Share, of total: Int) -> Int {
        switch share {
        case .count(let count): count
        case .percent(let percent): max(1, total * percent / 100)
        }
    }

    private static func standing(
        _ contact: LiveHost.Contact?, isDrained: Bool, isBlind: Bool
    ) -> HostStanding {
        if isDrained { return .leaving(reason: "it is drained") }
        switch contact {
        case .connected: return .open
        case .silent: return .closed(reason: "it is silent")
        case .lost where isBlind: return .closed(reason: "it is silent, as too many are")
        case .lost: return .leaving(reason: "it is lost")
        case .expected, nil: return .closed(reason: "no agent has joined")
        }
    }
}
