import FoundationEssentials
import Testing

@testable import Core

@Suite struct BalancerConfigurationTests {
    /// `APUS_GOLDEN=write` makes the files anew, for the reviewer to read as a diff.
    private func expectGolden(_ text: String, _ name: String, file: String = #filePath) throws {
        let folder = file.split(separator: "/").dropLast().joined(separator: "/")
        let path = "/\(folder)/Golden/\(name)"
        if ProcessInfo.processInfo.environment["APUS_GOLDEN"] == "write" {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let golden = try #require(FileManager.default.contents(atPath: path))
        #expect(text == String(decoding: golden, as: UTF8.self))
    }

    @Test("One app behind one plain listener") func one() throws {
        try expectGolden(try HAProxyConfiguration(Sample.shop).text, "one-app.cfg")
        let nginx = try NginxConfiguration(Sample.shop)
        try expectGolden(nginx.text, "one-app.nginx.conf")
        try expectGolden(nginx.servers, "one-app.servers.txt")
    }

    @Test("TLS, statistics, CORS, sticky, websocket, wildcard and a backend without servers") func everything() throws {
        try expectGolden(try HAProxyConfiguration(Sample.everything, in: Sample.surroundings).text, "everything.cfg")
        let surroundings = NginxConfiguration.Surroundings(
            certificates: Sample.surroundings.certificates, account: "www-data",
            generation: Sample.surroundings.certificates[8443])
        let nginx = try NginxConfiguration(Sample.everything, in: surroundings)
        try expectGolden(nginx.text, "everything.nginx.conf")
        try expectGolden(nginx.servers, "everything.servers.txt")
    }

    @Test("A balancer without a route answers 404") func nothing() throws {
        let configuration = BalancerConfiguration(
            balancer: try BalancerName("edge"), listeners: [.init(address: "127.0.0.9", port: 8080)])
        try expectGolden(try HAProxyConfiguration(configuration).text, "no-route.cfg")
        try expectGolden(try NginxConfiguration(configuration).text, "no-route.nginx.conf")
    }

    /// Renders what the engine reads.
    @discardableResult
    private func digest(_ configuration: BalancerConfiguration) throws -> Digest {
        try configuration.digest { _ in Digest(bytes: [UInt8](repeating: 1, count: 32)) }
    }

    static let hostile = [
        "", "a\nbackend x", "a\rb", "a b", "a\"b", "a'b", "a{b}", "a}b", "a#b", "a\\b", "a$(id)", "a`b`", "a;b",
        "\u{202E}a", "ä",
        "a\0b", "$host", "a${x}", "]]", String(repeating: "a", count: 65_536), "%[env(HOME)]",
    ]

    @Test("No hostile text reaches the file, wherever it stands", arguments: BalancerEngine.allCases, hostile)
    func refusesHostileText(_ engine: BalancerEngine, _ text: String) {
        let edits: [(inout BalancerConfiguration) -> Void] = [
            { $0.listeners[0].address = text }, { $0.routes[0].host = text.isEmpty ? " " : text },
            { $0.routes[0].host = "*." + text }, { $0.routes[0].path = "/ " + text }, { $0.routes[0].path = text },
            { $0.routes[0].cors = [text] }, { $0.routes[0].cors = ["example.com:" + text] },
            {
                $0.backends[0].name = text; $0.routes[0].backend = text
            }, { $0.backends[0].healthPath = "/ " + text },
            { $0.backends[0].healthPath = text }, { $0.backends[0].servers[0].address = text },
        ]
        for edit in edits {
            var configuration = Sample.shop
            configuration.engine = engine
            edit(&configuration)
            let problem = #expect(throws: Problem.self) { try digest(configuration) }
            #expect(problem?.code == "balancer.value-refused")
            #expect((problem?.cause.utf8.count ?? 0) < 500)
        }
    }

    @Test(
        "Ports and weights out of their range are refused", arguments: BalancerEngine.allCases,
        [0, -1, 65_536, Int.max])
    func refusesNumbers(_ engine: BalancerEngine, _ number: Int) {
        let numbers = [
            \BalancerConfiguration.listeners[0].port, \.backends[0].servers[0].port, \.backends[0].servers[0].weight,
        ]
        for keyPath in numbers {
            var configuration = Sample.shop
            configuration.engine = engine
            configuration[keyPath: keyPath] = number
            #expect(throws: Problem.self) { try digest(configuration) }
        }
    }

    @Test("Two routes for the same requests are refused", arguments: BalancerEngine.allCases)
    func refusesAmbiguity(_ engine: BalancerEngine) {
        var configuration = Sample.everything
        configuration.engine = engine
        configuration.routes.append(.init(host: "shop.example.com", path: "/api", backend: "shop.web"))
        let problem = #expect(throws: Problem.self) { try digest(configuration) }
        #expect(problem?.code == "balancer.route-ambiguous")
    }

    @Test("A route to nowhere is refused", arguments: BalancerEngine.allCases)
    func refusesMissingBackend(_ engine: BalancerEngine) {
        var configuration = Sample.shop
        configuration.engine = engine
        configuration.backends = []
        let problem = #expect(throws: Problem.self) { try digest(configuration) }
        #expect(problem?.code == "balancer.backend-missing")
    }

    @Test("Addresses are literals", arguments: ["10.0.0.1", "::1", "fe80::1", "255.255.255.255"])
    func admitsAddresses(_ address: String) throws {
        var configuration = Sample.shop
        configuration.backends[0].servers[0].address = address
        try digest(configuration)
    }

    @Test(
        "What only looks like an address is refused",
        arguments: ["localhost", "1.2.3", "1.2.3.256", "0x7f000001", "+1.2.3.4"])
    func refusesAddresses(_ address: String) {
        var configuration = Sample.shop
        configuration.backends[0].servers[0].address = address
        #expect(throws: Problem.self) { try digest(configuration) }
    }

    @Test(
        "nginx is not asked to route by what it would read otherwise",
        arguments: [
            "/a%20b", "/a%3Bb", "/a%24b", "/a%7Bb", "/a%22b", "/a%5Cb", "/a%00b", "/a%0Ab", "/a%", "/a%z1", "/%FF",
        ])
    func refusesEncodedPaths(_ path: String) {
        var configuration = Sample.shop
        configuration.engine = .nginx
        configuration.routes[0].path = path
        #expect(throws: Problem.self) { try digest(configuration) }
    }

    @Test("A wider route is where the narrower ones leave room") func widerRoutes() throws {
        var configuration = Sample.shop
        configuration.routes = [
            .init(host: "shop.example.com", path: "/api", backend: "shop.web"),
            .init(host: "*.example.com", path: "/api/v2", backend: "shop.web"),
            .init(host: "*.example.com", path: "/img", backend: "shop.web"),
            .init(host: nil, path: "/img/x", backend: "shop.web"), .init(host: nil, path: "/", backend: "shop.web"),
        ]
        let sites = try NginxRouting(configuration).sites
        let heads = sites.map { site in
            (site.name?.text ?? "any") + ": "
                + site.locations.compactMap { $0.head?.text.split(separator: " ").last }
                .joined(separator: " ")
        }
        #expect(
            heads == [
                "any: /img/x /img/x/ /", #"~^[^.]+\.example\.com$: /api/v2 /api/v2/ /img /img/ /"#,
                "shop.example.com: /api /api/ /img /img/ /",
            ])
    }
}
