/// Commands for HAProxy's runtime API, and what it answers.
/// Format: HAProxy 2.6 management guide, section 9.3.
package enum HAProxyRuntime {
    /// Tells a running HAProxy about its servers. Servers to be removed are put into maintenance;
    /// `removals` deletes them once they are idle.
    package static func commands(for changes: [ServerChange]) throws(Problem) -> [HAProxyLine] {
        var lines: [HAProxyLine] = []
        if changes.contains(where: { $0.kind == .add }) { lines.append(HAProxyLine("experimental-mode on")) }
        for change in changes {
            let name = try name(of: change)
            let endpoint = try HAProxyWord.endpoint(change.server.address, change.server.port)
            switch change.kind {
            case .add:
                let weight =
                    change.server.standing == .draining
                    ? HAProxyConfiguration.weightDraining : HAProxyConfiguration.weight
                lines.append(HAProxyLine("add server", name, endpoint, HAProxyConfiguration.serverOptions, weight))
                lines.append(HAProxyLine("enable health", name))
                if change.server.standing != .standby { lines.append(HAProxyLine("set server", name, "state ready")) }
            case .move:
                lines.append(
                    HAProxyLine(
                        "set server", name, "addr", try .address(change.server.address), "port",
                        try .port(change.server.port)))
                lines.append(HAProxyLine("set server", name, "health up"))
            case .stand: lines += standing(change.server.standing, name)
            case .remove: lines.append(HAProxyLine("set server", name, "state maint"))
            }
        }
        return lines
    }

    package static func removals(for changes: [ServerChange]) throws(Problem) -> [HAProxyLine] {
        var lines: [HAProxyLine] = []
        for change in changes where change.kind == .remove {
            lines.append(HAProxyLine("del server", try name(of: change)))
        }
        return lines.isEmpty ? [] : [HAProxyLine("experimental-mode on")] + lines
    }

    /// Draining is the weight 0, which the file can say too, and not HAProxy's state `drain`,
    /// which it cannot. A server that takes over is believed to be healthy until a check or a
    /// request says otherwise: its agent has just seen it answer.
    private static func standing(_ standing: BalancerConfiguration.Server.Standing, _ name: HAProxyWord)
        -> [HAProxyLine]
    {
        switch standing {
        case .serving:
            [
                HAProxyLine("set server", name, "weight 100"), HAProxyLine("set server", name, "state ready"),
                HAProxyLine("set server", name, "health up"),
            ]
        case .standby:
            [HAProxyLine("set server", name, "state maint"), HAProxyLine("set server", name, "weight 100")]
        case .draining:
            [HAProxyLine("set server", name, "weight 0"), HAProxyLine("set server", name, "state ready")]
        }
    }

    private static func name(of change: ServerChange) throws(Problem) -> HAProxyWord {
        .concatenated(try .backend(change.backend), "/", .server(change.server))
    }

    // MARK: What it answers

    /// Whether `show servers state` shows what the configuration says.
    package static func serversState(_ text: String, shows configuration: BalancerConfiguration) -> Bool {
        var expected: Set<String> = []
        for backend in configuration.backends {
            for server in backend.servers {
                expected.insert(
                    "\(backend.name)/\(server.name) \(server.address.lowercased()) \(server.port) \(server.standing.rawValue)"
                )
            }
        }
        return expected == parsedServersState(text)
    }

    private static func parsedServersState(_ text: String) -> Set<String> {
        var found: Set<String> = []
        var columns: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# be_id") {
                for (index, name) in line.dropFirst(2).split(separator: " ").enumerated() { columns[name] = index }
                continue
            }
            let fields = line.split(separator: " ")
            func field(_ name: Substring) -> Substring? {
                columns[name].flatMap { fields.indices.contains($0) ? fields[$0] : nil }
            }
            guard let backend = field("be_name"), let server = field("srv_name"), let address = field("srv_addr"),
                let port = field("srv_port"), let admin = field("srv_admin_state").flatMap({ Int($0) }),
                let weight = field("srv_uweight")
            else { continue }
            let inMaintenance = admin & 1 != 0
            let standing: BalancerConfiguration.Server.Standing =
                inMaintenance ? .standby : weight == "0" || admin & 8 != 0 ? .draining : .serving
            found.insert("\(backend)/\(server) \(address.lowercased()) \(port) \(standing.rawValue)")
        }
        return found
    }
}
