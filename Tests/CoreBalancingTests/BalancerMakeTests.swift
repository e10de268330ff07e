import Testing

@testable import Core

@Suite struct BalancerMakeTests {
    private let edge = HostSpec(
        name: HostName(checked: "edge-1"), address: "127.0.0.9", region: RegionName(checked: "local"),
        zone: ZoneName(checked: "a"))
    private let web = HostSpec(
        name: HostName(checked: "web-1"), address: "127.0.0.2", region: RegionName(checked: "local"),
        zone: ZoneName(checked: "a"))
    private let balancer = BalancerSpec(
        name: BalancerName(checked: "edge"), hosts: HostSelector(), listeners: [.init(port: 8080)], statisticsPort: 8404
    )

    private func app(_ name: String, routes: [RouteSpec], health: String) throws -> AppSpec {
        let process = ProcessSpec(
            name: try ProcessName("web"), run: .files(folder: "."), health: HealthProbe(kind: .http(path: health)))
        return AppSpec(
            name: try AppName(name), source: .folder(path: name), build: .files, processes: [process.name: process],
            routes: routes)
    }

    private func live(_ ports: [String: Int?]) -> LiveModel {
        let instances = ports.map { id, port in
            LiveInstance(
                id: Sample.instance(id), releaseIdentity: Digest(bytes: [UInt8](repeating: 1, count: 32)),
                state: .running,
                health: .healthy, port: port, since: Instant(milliseconds: 0))
        }
        let facts = HostFacts(memory: .mebibytes(512), processors: 1, system: "test", agentVersion: "1")
        let report = HostReport(host: web.name, sequence: 1, facts: facts, instances: instances)
        let host = LiveHost(name: web.name, contact: .connected, lastHeard: nil, report: report)
        return LiveModel(revision: 1, at: Instant(milliseconds: 0), hosts: [web.name: host])
    }

    @Test("Records, ports and addresses become servers; duties become standings") func servers() throws {
        let routes = [
            RouteSpec(host: "shop.example.com", to: try ProcessName("web"), cors: ["b.example", "a.example"]),
            RouteSpec(host: nil, path: "/shop", to: try ProcessName("web"), sticky: .source, websocket: true),
            RouteSpec(host: "other.example.com", to: try ProcessName("web"), balancer: try BalancerName("inner")),
        ]
        let shop = try app("shop", routes: routes, health: "/healthz")
        let configuration = FabricConfiguration(
            fabric: try FabricName("prod"), commit: "c", hosts: [edge.name: edge, web.name: web],
            apps: [shop.name: shop])
        let duties: [Int: InstanceRecord.Duty] = [
            1: .serving, 2: .starting, 3: .warm(until: Instant(milliseconds: 1)), 4: .leaving, 5: .serving,
        ]
        let records = duties.map { slot, duty in
            InstanceRecord(id: Sample.instance("shop.web.\(slot).r1"), host: web.name, duty: duty)
        }
        let ports: [String: Int?] = [
            "shop.web.1.r1": 9001, "shop.web.2.r1": 9002, "shop.web.3.r1": 9003, "shop.web.4.r1": 9004,
            "shop.web.5.r1": nil,
        ]
        let made = BalancerConfiguration.make(
            balancer: balancer, host: edge, desired: DesiredModel(revision: 1, configuration: configuration),
            records: records,
            live: live(ports))
        #expect(made.listeners == [.init(address: "127.0.0.9", port: 8080)])
        #expect(made.routes.map(\.path) == ["/shop", "/"])
        #expect(made.routes[1].cors == ["a.example", "b.example"])
        let backend = try #require(made.backends.first)
        #expect(made.backends.count == 1)
        #expect(backend.healthPath == "/healthz" && backend.sticky == .source && backend.websocket)
        #expect(
            backend.servers == [
                Sample.server("shop.web.1.r1", port: 9001, on: web.name),
                Sample.server("shop.web.2.r1", port: 9002, .standby, on: web.name),
                Sample.server("shop.web.3.r1", port: 9003, .standby, on: web.name),
                Sample.server("shop.web.4.r1", port: 9004, .draining, on: web.name),
            ])
    }

    @Test("The path that is checked is the release's, not the commit's") func healthPath() throws {
        let shop = try app("shop", routes: [RouteSpec(host: nil, to: try ProcessName("web"))], health: "/new")
        let released = try app("shop", routes: [], health: "/old")
        let configuration = FabricConfiguration(fabric: try FabricName("prod"), commit: "c", apps: [shop.name: shop])
        let digest = Digest(bytes: [UInt8](repeating: 2, count: 32))
        let release = Release(
            app: shop.name, number: 1,
            package: PackageReference(app: shop.name, version: "1", digest: digest, size: 1, signature: ""),
            config: [:],
            environment: [:], processes: released.processes, sourceCommit: "", configCommit: "",
            createdAt: Instant(milliseconds: 0), createdBy: "test", identity: digest)
        let made = BalancerConfiguration.make(
            balancer: balancer, host: edge,
            desired: DesiredModel(revision: 1, configuration: configuration, releases: [shop.name: release]),
            records: [],
            live: live([:]))
        #expect(made.backends == [.init(name: "shop.web", servers: [], healthPath: "/old")])
    }
}
