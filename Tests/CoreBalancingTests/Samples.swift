@testable import Core

/// Configurations that the tests start from.
enum Sample {
    /// `APP.PROCESS.SLOT.rRELEASE`, as the tests write it.
    static func instance(_ text: String) -> InstanceID {
        let parts = text.split(separator: ".").map(String.init)
        return InstanceID(
            app: AppName(checked: parts[0]), process: ProcessName(checked: parts[1]), slot: Int(parts[2]) ?? 0,
            release: Int(parts[3].dropFirst()) ?? 0)
    }

    static func server(
        _ id: String, port: Int, _ standing: BalancerConfiguration.Server.Standing = .serving, on host: HostName? = nil
    ) -> BalancerConfiguration.Server {
        BalancerConfiguration.Server(
            instance: instance(id), host: host, address: "127.0.0.2", port: port, standing: standing)
    }

    static var shop: BalancerConfiguration {
        BalancerConfiguration(
            balancer: BalancerName(checked: "edge"), listeners: [.init(address: "127.0.0.9", port: 8080)],
            routes: [.init(host: "shop.example.com", path: "/", backend: "shop.web")],
            backends: [
                .init(
                    name: "shop.web",
                    servers: [
                        server("shop.web.1.r1", port: 9001), server("shop.web.1.r2", port: 9002, .standby),
                        server("shop.web.2.r1", port: 9003, .draining),
                    ], healthPath: "/healthz")
            ])
    }

    static var everything: BalancerConfiguration {
        var configuration = shop
        configuration.listeners.append(.init(address: "::1", port: 8443, certificate: "PEM"))
        configuration.statisticsPort = 8404
        configuration.routes = [
            .init(host: nil, path: "/", backend: "site.web"),
            .init(host: "*.example.com", path: "/", backend: "site.web"),
            .init(
                host: "shop.example.com", path: "/api/", backend: "shop.api", cors: ["example.com", "localhost:3000"]),
            .init(host: "shop.example.com", path: "/", backend: "shop.web"),
            .init(host: "shop.example.com", path: "/api/v2", backend: "shop.web"),
        ]
        configuration.backends = [
            .init(
                name: "shop.api", servers: [server("shop.api.1.r1", port: 9011)], sticky: .source, websocket: true),
            configuration.backends[0],
            .init(name: "site.web", servers: []),
        ]
        return configuration
    }

    static var surroundings: HAProxyConfiguration.Surroundings {
        .init(certificates: [8443: Digest(bytes: [UInt8](repeating: 0xAB, count: 32))], account: "haproxy")
    }
}
