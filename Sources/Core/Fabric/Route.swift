/// Which requests reach a process.
package struct RouteSpec: Codable, Hashable, Sendable {
    /// The request's host name, lower case; `*.example.com` for every name one level below;
    /// nil for every host.
    package var host: String?
    /// Start of the path, whole segments: `/api` is also `/api/x` but not `/apix`.
    package var path: String
    package var to: ProcessName
    package var balancer: BalancerName?
    /// Origins (without scheme) whose preflight requests the balancer answers at once.
    package var cors: [String]
    package var sticky: Stickiness?
    package var websocket: Bool

    package enum Stickiness: String, Codable, Hashable, Sendable, CaseIterable {
        /// The same client address reaches the same instance while it serves.
        case source
    }

    package init(
        host: String?, path: String = "/", to: ProcessName, balancer: BalancerName? = nil, cors: [String] = [],
        sticky: Stickiness? = nil, websocket: Bool = false
    ) {
        self.host = host
        self.path = path
        self.to = to
        self.balancer = balancer
        self.cors = cors
        self.sticky = sticky
        self.websocket = websocket
    }
}

/// Balancers as git declares them: the same configuration on every host that `hosts` admits.
package struct BalancerSpec: Codable, Hashable, Sendable {
    package struct Listener: Codable, Hashable, Sendable {
        package var port: Int
        /// PEM text of certificate chain and key; nil: plain HTTP.
        package var certificate: String?

        package init(port: Int, certificate: String? = nil) {
            self.port = port
            self.certificate = certificate
        }
    }

    package var name: BalancerName
    package var engine: BalancerEngine
    package var hosts: HostSelector
    package var listeners: [Listener]
    /// Where the balancer shows its counters; nil: nowhere.
    package var statisticsPort: Int?

    package init(
        name: BalancerName, engine: BalancerEngine = .haproxy, hosts: HostSelector, listeners: [Listener],
        statisticsPort: Int? = nil
    ) {
        self.name = name
        self.engine = engine
        self.hosts = hosts
        self.listeners = listeners
        self.statisticsPort = statisticsPort
    }
}

extension BalancerSpec {
    /// What version 0.1.0 has written lacks the engine.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(BalancerName.self, forKey: .name),
            engine: try values.decodeIfPresent(BalancerEngine.self, forKey: .engine) ?? .haproxy,
            hosts: try values.decode(HostSelector.self, forKey: .hosts),
            listeners: try values.decode([Listener].self, forKey: .listeners),
            statisticsPort: try values.decodeIfPresent(Int.self, forKey: .statisticsPort))
    }
}
