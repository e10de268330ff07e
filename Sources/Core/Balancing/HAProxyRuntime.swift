/// Commands for HAProxy's runtime API, and what it answers.
/// Format: HAProxy 2.6 management guide, section 9.3.
package enum HAProxyRuntime {
    /// Tells a running HAProxy about its servers. Servers to be removed are put into maintenance;
    /// `removals` deletes them once they are idle.
    package static func commands(for changes: [ServerChange]) throws(Problem) -> [BalancerLine] {
        var lines: [BalancerLine] = []
        if changes.contains(where: { $0.kind == .add }) { lines.append(BalancerLine("experimental-mode on")) }
        for change in changes {
            let name = try name(of: change)
            let endpoint = try BalancerWord.endpoint(change.server.address, change.server.port)
            switch change.kind {
            case .add:
                let weight = try HAProxyConfiguration.weight(change.server)
                lines.append(
                    BalancerLine(["add server", name, endpoint, HAProxyConfiguration.serverOptions] + weight))
                lines.append(BalancerLine("enable health", name))
                if change.server.standing != .standby { lines.append(BalancerLine("set server", name, "state ready")) }
            case .move:
                lines.append(
                    BalancerLine(
                        "set server", name, "addr", try .address(change.server.address), "port",
                        try .port(change.server.port)))
                lines.append(BalancerLine("set server", name, "health up"))
            case .stand: lines += try standing(change.server, name)
            case .weigh: lines.append(try weight(change.server, name))
            case .remove: lines.append(BalancerLine("set server", name, "state maint"))
            }
        }
        return lines
    }

    package static func removals(for changes: [ServerChange]) throws(Problem) -> [BalancerLine] {
        var lines: [BalancerLine] = []
        for change in changes where change.kind == .remove {
            lines.append(BalancerLine("del server", try name(of: change)))
        }
        return lines.isEmpty ? [] : [BalancerLine("experimental-mode on")] + lines
    }

    /// Draining is the weight 0, which the file can say too, and not HAProxy's state `drain`,
    /// which it cannot. A server that takes over is believed to be healthy until a check or a
    /// request says otherwise: its agent has just seen it answer.
    private static func standing(
        _ server: BalancerConfiguration.Server, _ name: BalancerWord
    ) throws(Problem) -> [BalancerLine] {
        let weight = try weight(server, name)
        switch server.standing {
        case .serving:
            return [
                weight, BalancerLine("set server", name, "state ready"), BalancerLine("set server", name, "health up"),
            ]
        case .standby: return [BalancerLine("set server", name, "state maint"), weight]
        case .draining: return [weight, BalancerLine("set server", name, "state ready")]
        }
    }

    private static func weight(
        _ server: BalancerConfiguration.Server, _ name: BalancerWord
    ) throws(Problem) -> BalancerLine {
        BalancerLine(["set server", name] + (try HAProxyConfiguration.weight(server)))
    }

    package static func shutdownSessions(
        of server: BalancerConfiguration.Server, in backend: String
    ) throws(Problem) -> BalancerLine {
        BalancerLine("shutdown sessions server", try name(of: server, in: backend))
    }

    private static func name(of change: ServerChange) throws(Problem) -> BalancerWord {
        try name(of: change.server, in: change.backend)
    }

    private static func name(
        of server: BalancerConfiguration.Server, in backend: String
    ) throws(Problem) -> BalancerWord {
        .concatenated(try .backend(backend), "/", .server(server))
    }

    // MARK: What it answers

    /// Whether `show servers state` shows what the configuration says.
    package static func serversState(_ text: String, shows configuration: BalancerConfiguration) -> Bool {
        var expected: Set<String> = []
        for backend in configuration.backends {
            for server in backend.servers {
                let weight = server.standing == .draining ? 0 : server.weight
                expected.insert(
                    "\(backend.name)/\(server.name) \(server.address.lowercased()) \(server.port) \(server.standing.rawValue) \(weight)"
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
            found.insert("\(backend)/\(server) \(address.lowercased()) \(port) \(standing.rawValue) \(weight)")
        }
        return found
    }
}
