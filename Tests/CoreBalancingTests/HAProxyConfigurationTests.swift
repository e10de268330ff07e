import FoundationEssentials
import Testing

@testable import Core

@Suite struct HAProxyConfigurationTests {
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
    }

    @Test("TLS, statistics, CORS, sticky, websocket, wildcard and a backend without servers") func everything() throws {
        try expectGolden(try HAProxyConfiguration(Sample.everything, in: Sample.surroundings).text, "everything.cfg")
    }

    @Test("A balancer without a route answers 404") func nothing() throws {
        let configuration = BalancerConfiguration(
            balancer: try BalancerName("edge"), listeners: [.init(address: "127.0.0.9", port: 8080)])
        try expectGolden(try HAProxyConfiguration(configuration).text, "no-route.cfg")
    }

    static let hostile = [
        "", "a\nbackend x", "a\rb", "a b", "a\"b", "a'b", "a{b}", "a}b", "a#b", "a\\b", "a$(id)", "a`b`", "a;b",
        "\u{202E}a", "ä",
        "a\0b", String(repeating: "a", count: 65_536), "%[env(HOME)]",
    ]

    @Test("No hostile text reaches the file, wherever it stands", arguments: hostile)
    func refusesHostileText(_ text: String) {
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
            edit(&configuration)
            let problem = #expect(throws: Problem.self) { try HAProxyConfiguration(configuration) }
            #expect(problem?.code == "balancer.value-refused")
            #expect((problem?.cause.utf8.count ?? 0) < 500)
        }
    }

    @Test("Ports outside 1...65535 are refused", arguments: [0, -1, 65_536, Int.max])
    func refusesPorts(_ port: Int) {
        for keyPath in [\BalancerConfiguration.listeners[0].port, \.backends[0].servers[0].port] {
            var configuration = Sample.shop
            configuration[keyPath: keyPath] = port
            #expect(throws: Problem.self) { try HAProxyConfiguration(configuration) }
        }
    }

    @Test("Two routes for the same requests are refused") func refusesAmbiguity() {
        var configuration = Sample.everything
        configuration.routes.append(.init(host: "shop.example.com", path: "/api", backend: "shop.web"))
        let problem = #expect(throws: Problem.self) { try HAProxyConfiguration(configuration, in: Sample.surroundings) }
        #expect(problem?.code == "balancer.route-ambiguous")
    }

    @Test("A route to nowhere is refused") func refusesMissingBackend() {
        var configuration = Sample.shop
        configuration.backends = []
        let problem = #expect(throws: Problem.self) { try HAProxyConfiguration(configuration) }
        #expect(problem?.code == "balancer.backend-missing")
    }

    @Test("Addresses are literals", arguments: ["10.0.0.1", "::1", "fe80::1", "255.255.255.255"])
    func admitsAddresses(_ address: String) throws {
        var configuration = Sample.shop
        configuration.backends[0].servers[0].address = address
        _ = try HAProxyConfiguration(configuration)
    }

    @Test(
        "What only looks like an address is refused",
        arguments: ["localhost", "1.2.3", "1.2.3.256", "0x7f000001", "+1.2.3.4"])
    func refusesAddresses(_ address: String) {
        var configuration = Sample.shop
        configuration.backends[0].servers[0].address = address
        #expect(throws: Problem.self) { try HAProxyConfiguration(configuration) }
    }
}
