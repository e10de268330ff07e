/// Everything a balancer does, as values that can carry no injection: names are `Name`s, addresses
/// and host names are checked where they enter, and the text of HAProxy's or nginx's file is made
/// from these values alone.
package struct BalancerConfiguration: Codable, Hashable, Sendable {
    package struct Listener: Codable, Hashable, Sendable {
        package var address: String
        package var port: Int
        /// PEM of certificate chain and key; nil: plain HTTP.
        package var certificate: String?

        package init(address: String, port: Int, certificate: String? = nil) {
            self.address = address
            self.port = port
            self.certificate = certificate
        }
    }

    /// What a request must look like to reach a backend. The most specific route wins: a named
    /// host before a wildcard before any, then the longest path.
    package struct Route: Codable, Hashable, Sendable {
        package var host: String?
        package var path: String
        package var backend: String
        package var cors: [String]

        package init(host: String?, path: String, backend: String, cors: [String] = []) {
            self.host = host
            self.path = path
            self.backend = backend
            self.cors = cors
        }
    }

    package struct Server: Codable, Hashable, Sendable {
        package static let weightUsual = 100

        package enum Standing: String, Codable, Hashable, Sendable {
            /// Takes requests while it is healthy.
            case serving
            /// Known and reachable, takes nothing: a warm or a starting instance.
            case standby
            /// Takes nothing new, finishes what it has.
            case draining
        }

        package var instance: InstanceID
        /// While an instance moves it is on two hosts at once, and each of the two is a server; nil:
        /// the instance alone says which one is meant.
        package var host: HostName?
        package var address: String
        package var port: Int
        package var standing: Standing
        /// Its part of the requests against the other servers': 1 to 256. A canary has less or more.
        package var weight: Int

        /// What the balancer calls it: `INSTANCE:HOST`, or the instance alone.
        package var name: String { host.map { "\(instance):\($0)" } ?? instance.description }

        package init(
            instance: InstanceID, host: HostName? = nil, address: String, port: Int, standing: Standing,
            weight: Int = weightUsual
        ) {
            self.instance = instance
            self.host = host
            self.address = address
            self.port = port
            self.standing = standing
            self.weight = weight
        }
    }

    package struct Backend: Codable, Hashable, Sendable {
        /// `APP.PROCESS`.
        package var name: String
        package var servers: [Server]
        /// The path that the balancer itself checks; nil: that a connection is accepted.
        package var healthPath: String?
        package var sticky: RouteSpec.Stickiness?
        package var websocket: Bool
        /// How long a server that leaves may finish what it has; what is left then is cut.
        package var drain: Interval

        package init(
            name: String, servers: [Server], healthPath: String? = nil, sticky: RouteSpec.Stickiness? = nil,
            websocket: Bool = false, drain: Interval = .seconds(60)
        ) {
            self.name = name
            self.servers = servers
            self.healthPath = healthPath
            self.sticky = sticky
            self.websocket = websocket
            self.drain = drain
        }
    }

    package var balancer: BalancerName
    package var engine: BalancerEngine
    package var listeners: [Listener]
    package var statisticsPort: Int?
    package var routes: [Route]
    package var backends: [Backend]

    package init(
        balancer: BalancerName, engine: BalancerEngine = .haproxy, listeners: [Listener], statisticsPort: Int? = nil,
        routes: [Route] = [], backends: [Backend] = []
    ) {
        self.balancer = balancer
        self.engine = engine
        self.listeners = listeners
        self.statisticsPort = statisticsPort
        self.routes = routes
        self.backends = backends
    }
}

// What an agent of version 0.1.0 has written lacks the keys that came later.

extension BalancerConfiguration {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            balancer: try values.decode(BalancerName.self, forKey: .balancer),
            engine: try values.decodeIfPresent(BalancerEngine.self, forKey: .engine) ?? .haproxy,
            listeners: try values.decode([Listener].self, forKey: .listeners),
            statisticsPort: try values.decodeIfPresent(Int.self, forKey: .statisticsPort),
            routes: try values.decode([Route].self, forKey: .routes),
            backends: try values.decode([Backend].self, forKey: .backends))
    }
}

extension BalancerConfiguration.Server {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            instance: try values.decode(InstanceID.self, forKey: .instance),
            host: try values.decodeIfPresent(HostName.self, forKey: .host),
            address: try values.decode(String.self, forKey: .address), port: try values.decode(Int.self, forKey: .port),
            standing: try values.decode(Standing.self, forKey: .standing),
            weight: try values.decodeIfPresent(Int.self, forKey: .weight) ?? 100)
    }
}

extension BalancerConfiguration.Backend {
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name),
            servers: try values.decode([BalancerConfiguration.Server].self, forKey: .servers),
            healthPath: try values.decodeIfPresent(String.self, forKey: .healthPath),
            sticky: try values.decodeIfPresent(RouteSpec.Stickiness.self, forKey: .sticky),
            websocket: try values.decode(Bool.self, forKey: .websocket),
            drain: try values.decodeIfPresent(Interval.self, forKey: .drain) ?? .seconds(60))
    }
}
