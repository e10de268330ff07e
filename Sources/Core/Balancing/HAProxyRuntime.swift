/// Commands for HAProxy's runtime API, and what it answers.
/// Format: HAProxy 2.6 management guide, section 9.3.
package enum HAProxyRuntime {
    /// Tells a running HAProxy about its servers. Servers to be removed are put into maintenance;
    /// `removals` deletes them once they are idle.
    package static func commands(for changes: [ServerChange]) throws(Problem) -> [BalancerLine] {
        var lines: [BalancerLine] = []
        if changes.contains(where: { $0.kind == .add }) { lines.append(BalancerLine("experimental-mode on")) }
        for change in changes {
            for name in try names(of: change.server, in: change.backend) { lines += try commands(for: change, name) }
        }
        return lines
    }

    private static func commands(for change: ServerChange, _ name: BalancerWord) throws(Problem) -> [BalancerLine] {
        switch change.kind {
        case .add:
            let endpoint = try BalancerWord.endpoint(change.server.address, change.server.port)
            let weight = try HAProxyConfiguration.weight(change.server)
            let isReady = change.server.standing != .standby
            return [
                BalancerLine(["add server", name, endpoint, HAProxyConfiguration.serverOptions] + weight),
                BalancerLine("enable health", name),
            ] + (isReady ? [BalancerLine("set server", name, "state ready")] : [])
        case .move:
            let address = try BalancerWord.address(change.server.address)
            return [
                BalancerLine("set server", name, "addr", address, "port", try .port(change.server.port)),
                BalancerLine("set server", name, "health up"),
            ]
        case .stand: return try standing(change.server, name)
        case .weigh: return [try weight(change.server, name)]
        case .remove: return [BalancerLine("set server", name, "state maint")]
        }
    }

    package static func removals(for changes: [ServerChange]) throws(Problem) -> [BalancerLine] {
        var lines: [BalancerLine] = []
        for change in changes where change.kind == .remove {
            for name in try names(of: change.server, in: change.backend) {
                lines.append(BalancerLine("del server", name))
            }
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
    ) throws(Problem) -> [BalancerLine] {
        try names(of: server, in: backend).map { BalancerLine("shutdown sessions server", $0) }
    }

    private static func names(
        of server: BalancerConfiguration.Server, in backend: String
    ) throws(Problem) -> [BalancerWord] {
        try HAProxyConfiguration.names(backend).map { .concatenated($0, "/", .server(server)) }
    }

    // MARK: What it answers

    /// Whether `show servers state` shows what the configuration says.
    package static func serversState(_ text: String, shows configuration: BalancerConfiguration) -> Bool {
        var expected: Set<String> = []
        for backend in configuration.backends {
            for server in backend.servers {
                let weight = server.standing == .draining ? 0 : server.weight
                let rest =
                    "/\(server.name) \(server.address.lowercased()) \(server.port) \(server.standing.rawValue) \(weight)"
                expected.insert(backend.name + rest)
                expected.insert(backend.name + HAProxyConfiguration.onceSuffix + rest)
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
