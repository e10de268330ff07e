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

        package init(
            name: String, servers: [Server], healthPath: String? = nil, sticky: RouteSpec.Stickiness? = nil,
            websocket: Bool = false
        ) {
            self.name = name
            self.servers = servers
            self.healthPath = healthPath
            self.sticky = sticky
            self.websocket = websocket
        }
    }

    package var balancer: BalancerName
    package var listeners: [Listener]
    package var statisticsPort: Int?
    package var routes: [Route]
    package var backends: [Backend]

    package init(
        balancer: BalancerName, listeners: [Listener], statisticsPort: Int? = nil, routes: [Route] = [],
        backends: [Backend] = []
    ) {
        self.balancer = balancer
        self.listeners = listeners
        self.statisticsPort = statisticsPort
        self.routes = routes
        self.backends = backends
    }
}
