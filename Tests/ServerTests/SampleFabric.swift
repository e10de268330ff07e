import ControlPlane
import Core
import Wire

/// A small fabric in the middle of its day: one app well, one rolling out, one in trouble, and a
/// host that has gone silent.
enum SampleFabric {
    static let now = Instant(milliseconds: 1_780_000_000_000)
    static let commit = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

    static func name<N: Name>(_ text: String, _: N.Type = N.self) -> N { N(checked: text) }
    static func digest(_ seed: UInt8) -> Digest { Digest(bytes: (0..<32).map { UInt8($0) &* 7 &+ seed }) }

    static let hosts: [HostSpec] =
        (1...6).map { index in
            HostSpec(
                name: name("web-\(index)"), address: "127.0.7.\(index)", hostClass: name("web"), region: name("here"),
                zone: name(index % 2 == 0 ? "b" : "a"), labels: index == 6 ? ["tier": "canary"] : [:],
                memory: .mebibytes(2048))
        } + [
            HostSpec(
                name: name("edge-1"), address: "127.0.7.20", hostClass: name("edge"), region: name("here"),
                zone: name("a"),
                memory: .mebibytes(1024))
        ]

    static func process(_ text: String, run: String, count: Int, health: Bool) throws -> ProcessSpec {
        ProcessSpec(
            name: name(text), run: .command(try CommandTemplate(run)), instances: count,
            health: health ? HealthProbe(kind: .http(path: "/healthz")) : nil,
            limits: ResourceLimits(memory: .mebibytes(256)), replacement: health ? .beside : .inPlace)
    }

    static func app(_ text: String, _ processes: [ProcessSpec], host: String) -> AppSpec {
        AppSpec(
            name: name(text), source: .git(url: "https://git.example/\(text).git", ref: "main"), build: .python,
            processes: Dictionary(uniqueKeysWithValues: processes.map { ($0.name, $0) }),
            config: ["config.json": "{}"], environment: ["STAGE": "prod"],
            routes: [RouteSpec(host: host, to: name("web"))])
    }

    static func apps() throws -> [AppSpec] {
        [
            app(
                "shop",
                [
                    try process("web", run: "gunicorn shop:app --bind $HOST:$PORT", count: 4, health: true),
                    try process("worker", run: "python worker.py", count: 2, health: false),
                ], host: "shop.example.com"),
            app(
                "blog", [try process("web", run: "python blog.py --port $PORT", count: 3, health: true)],
                host: "blog.example.com"),
            app(
                "search", [try process("web", run: "./search --listen $HOST:$PORT", count: 2, health: true)],
                host: "search.example.com"),
            app(
                "fresh", [try process("web", run: "python fresh.py", count: 1, health: true)], host: "fresh.example.com"
            ),
        ]
    }

    static func release(_ app: AppSpec, _ number: Int) -> Release {
        Release(
            app: app.name, number: number,
            package: PackageReference(
                app: app.name, version: "a1b2c3\(number)", digest: digest(UInt8(number)),
                size: 4_321_000 + Int64(number) * 1000,
                signature: ""),
            config: ["config.json": "{\n  \"greeting\": \"release \(number)\",\n  \"colour\": \"blue\"\n}\n"],
            environment: number > 6 ? ["STAGE": "prod", "FEATURE": "on"] : ["STAGE": "prod"], processes: app.processes,
            sourceCommit: "\(number)e5b0d1c9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4" + "0", configCommit: commit,
            createdAt: Instant(milliseconds: now.milliseconds - Int64(9 - number) * 5_400_000),
            createdBy: number % 2 == 0 ? "ada" : "grace", identity: digest(UInt8(100 + number)))
    }

    static func releases() throws -> [AppName: [Release]] {
        var releases: [AppName: [Release]] = [:]
        for app in try apps() where app.name.text != "fresh" {
            releases[app.name] = (app.name.text == "shop" ? 3...8 : 1...2).map { release(app, $0) }
        }
        return releases
    }

    static func desired() throws -> DesiredModel {
        let apps = try apps()
        let configuration = FabricConfiguration(
            fabric: name("prod"), commit: commit,
            hosts: Dictionary(uniqueKeysWithValues: hosts.map { ($0.name, $0) }),
            classes: [
                name("web"): HostClassSpec(name: name("web"), version: 3),
                name("edge"): HostClassSpec(name: name("edge"), version: 1),
            ], apps: Dictionary(uniqueKeysWithValues: apps.map { ($0.name, $0) }),
            balancers: [
                name("edge"): BalancerSpec(
                    name: name("edge"), hosts: HostSelector(hostClass: name("edge")), listeners: [.init(port: 8080)])
            ])
        let newest = try releases().compactMapValues { $0.max { $0.number < $1.number } }
        return DesiredModel(
            revision: 42, configuration: configuration,
            overrides: Overrides(scale: [name("shop"): [name("worker"): 3]], drained: [name("web-5")]), releases: newest
        )
    }

    struct Placed {
        var id: String
        var host: String
        var duty: InstanceRecord.Duty
        var health: Health = .healthy
        var state: LifecycleState = .running
        var failure: String?
        var restarts = 0
    }

    static let warm = InstanceRecord.Duty.warm(until: Instant(milliseconds: now.milliseconds + 1_500_000))

    static let placed: [Placed] = [
        Placed(id: "shop.web.1.r8", host: "web-1", duty: .serving),
        Placed(id: "shop.web.2.r8", host: "web-2", duty: .serving),
        Placed(id: "shop.web.3.r8", host: "web-3", duty: .starting, health: .starting),
        Placed(id: "shop.web.3.r7", host: "web-3", duty: .serving),
        Placed(id: "shop.web.4.r7", host: "web-4", duty: .serving),
        Placed(id: "shop.web.1.r7", host: "web-1", duty: warm),
        Placed(id: "shop.web.2.r7", host: "web-2", duty: warm),
        Placed(id: "shop.worker.1.r8", host: "web-1", duty: .serving, health: .unchecked),
        Placed(id: "shop.worker.2.r8", host: "web-2", duty: .serving, health: .unchecked),
        Placed(id: "shop.worker.3.r8", host: "web-6", duty: .serving, health: .unchecked),
        Placed(id: "blog.web.1.r2", host: "web-1", duty: .serving),
        Placed(id: "blog.web.2.r2", host: "web-2", duty: .serving),
        Placed(id: "blog.web.3.r2", host: "web-3", duty: .serving),
        Placed(id: "search.web.1.r2", host: "web-4", duty: .serving),
        Placed(
            id: "search.web.2.r2", host: "web-6", duty: .serving, health: .unhealthy, state: .stopped,
            failure: "exit code 1, started again 4 times: <script>alert('log')</script>", restarts: 4),
    ]

    static func records() throws -> [InstanceRecord] {
        try placed.map { InstanceRecord(id: try InstanceID($0.id), host: name($0.host), duty: $0.duty) }
    }

    static func live() throws -> LiveModel {
        var hosts: [HostName: LiveHost] = [:]
        for (index, spec) in Self.hosts.enumerated() {
            let instances = try placed.filter { $0.host == spec.name.text }.enumerated().map { port, placed in
                LiveInstance(
                    id: try InstanceID(placed.id), releaseIdentity: digest(108), state: placed.state,
                    health: placed.health,
                    port: 20_000 + port, processID: Int32(4000 + index * 10 + port), restarts: placed.restarts,
                    failure: placed.failure, since: Instant(milliseconds: now.milliseconds - 600_000))
            }
            let balancers =
                spec.name.text == "edge-1"
                ? [LiveBalancer(name: name("edge"), applied: digest(9), failure: nil, isRunning: true)] : []
            let report = HostReport(
                host: spec.name, sequence: 7,
                facts: HostFacts(memory: .mebibytes(2048), processors: 4, system: "Debian 12", agentVersion: "0.1.0"),
                instances: instances, links: [name("shop"): ReleaseLinks(current: digest(108), previous: digest(107))],
                balancers: balancers)
            hosts[spec.name] = LiveHost(
                name: spec.name, contact: spec.name.text == "web-4" ? .silent : .connected,
                lastHeard: Instant(milliseconds: now.milliseconds - (spec.name.text == "web-4" ? 21_000 : 1000)),
                report: report)
        }
        return LiveModel(revision: 1234, at: now, hosts: hosts)
    }

    static func deltas() throws -> [Delta] {
        [
            Delta(
                instance: try InstanceID("search.web.2.r2"), host: name("web-6"), state: .inError,
                differences: [.init(key: "state", expected: "running", found: "stopped")]),
            Delta(instance: try InstanceID("shop.web.4.r8"), host: name("web-6"), state: .notDeployed),
        ]
    }

    /// Hosts `host-00001` and on, all connected, with nothing on them.
    static func manyHosts(_ count: Int) -> FabricViews {
        var configuration = FabricConfiguration(fabric: name("prod"), commit: commit)
        var live: [HostName: LiveHost] = [:]
        for number in 1...count {
            let host: HostName = name("host-" + String("\(100_000 + number)".dropFirst()))
            configuration.hosts[host] = HostSpec(
                name: host, address: "10.0.0.1", region: name("here"), zone: name("a"), memory: .mebibytes(2048))
            live[host] = LiveHost(name: host, contact: .connected, lastHeard: now, report: nil)
        }
        return FabricViews(
            desired: DesiredModel(revision: 1, configuration: configuration),
            live: LiveModel(revision: 1, at: now, hosts: live), records: InstanceRecords())
    }

    static func views() throws -> FabricViews {
        FabricViews(
            desired: try desired(), live: try live(), records: InstanceRecords(try records()), deltas: try deltas(),
            executions: [try execution().withoutSteps])
    }
}
