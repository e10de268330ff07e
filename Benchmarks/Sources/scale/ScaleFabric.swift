import Core

/// A fabric as large as one likes: 50 apps, each with listening `web` instances behind a balancer
/// and `worker`s, on hosts in six zones, ten instances a host.
struct ScaleFabric {
    static let appCount = 50
    static let balancerCount = 5
    /// Of each app's instances: the rest are workers.
    static let webShare = 0.6
    static let firstPort = 20_000

    let instances: Int
    let configuration: FabricConfiguration

    init(instances: Int) {
        self.instances = instances
        let hosts = instances / 10
        let edges = max(Self.balancerCount, hosts / 500)
        var configuration = FabricConfiguration(
            fabric: FabricName(checked: "prod"), commit: String(repeating: "a", count: 40))
        for (name, labels) in [("app", [:]), ("app-ssd", ["disk": "ssd"]), ("edge", ["tier": "edge"])] {
            let name = HostClassName(checked: name)
            configuration.classes[name] = HostClassSpec(name: name, version: 1, labels: labels)
        }
        for number in 0..<(hosts + edges) {
            let isEdge = number >= hosts
            let hostClass = isEdge ? "edge" : number % 3 == 0 ? "app-ssd" : "app"
            let host = HostSpec(
                name: HostName(checked: "\(hostClass)-\(number).eu.example.com"),
                address: "10.\(number >> 16).\(number >> 8 & 255).\(number & 255)",
                hostClass: HostClassName(checked: hostClass), region: RegionName(checked: "eu"),
                zone: ZoneName(checked: "eu-\("abcdef".map(String.init)[number % 6])"),
                labels: isEdge
                    ? ["balancer": "b\(number % Self.balancerCount)"] : ["kernel": number % 2 == 0 ? "6.1" : "6.12"],
                memory: .mebibytes(8192))
            configuration.hosts[host.name] = host
        }
        for number in 0..<Self.balancerCount {
            let name = BalancerName(checked: "edge-\(number)")
            configuration.balancers[name] = BalancerSpec(
                name: name, hosts: HostSelector(labels: ["balancer": "b\(number)"]), listeners: [])
        }
        for number in 0..<Self.appCount {
            let app = Self.app(number, instances: instances / Self.appCount)
            configuration.apps[app.name] = app
        }
        self.configuration = configuration
    }

    static func appName(_ number: Int) -> AppName { AppName(checked: "app-\(number)") }

    private static func app(_ number: Int, instances: Int) -> AppSpec {
        let web = Int(Double(instances) * webShare)
        let command = try? CommandTemplate("gunicorn shop:app --bind $HOST:$PORT")
        let plain = HostSelector(hostClass: number % 3 == 0 ? HostClassName(checked: "app-ssd") : nil)
        let processes = [
            ProcessSpec(
                name: ProcessName(checked: "web"), run: command.map { .command($0) } ?? .files(folder: "site"),
                instances: web, health: HealthProbe(kind: .http(path: "/healthz")),
                limits: ResourceLimits(memory: .mebibytes(256)), placement: plain, replacement: .beside),
            ProcessSpec(
                name: ProcessName(checked: "worker"), run: .files(folder: "site"), instances: instances - web,
                limits: ResourceLimits(memory: .mebibytes(512)),
                placement: HostSelector(labels: number % 5 == 0 ? ["kernel": "6.12"] : [:]), replacement: .inPlace),
        ]
        return AppSpec(
            name: appName(number), source: .folder(path: "app-\(number)"), build: .files,
            processes: Dictionary(uniqueKeysWithValues: processes.map { ($0.name, $0) }),
            environment: ["REGION": "eu"],
            routes: [
                RouteSpec(
                    host: "app-\(number).example.com", to: ProcessName(checked: "web"),
                    balancer: BalancerName(checked: "edge-\(number % balancerCount)"))
            ], rollout: RolloutPolicy(batch: .percent(25), parallelMax: 100))
    }

    func release(of app: AppName, _ number: Int) -> Release {
        let identity = Digest(bytes: (0..<32).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) })
        return Release(
            app: app, number: number,
            package: PackageReference(app: app, version: "v\(number)", digest: identity, size: 20 << 20, signature: ""),
            config: ["config.json": "{}"], environment: ["REGION": "eu"],
            processes: configuration.apps[app]?.processes ?? [:], sourceCommit: "c\(number)",
            configCommit: configuration.commit, createdAt: Instant(milliseconds: 0), createdBy: "ana",
            identity: identity)
    }

    /// Every app at its release 1.
    var desired: DesiredModel {
        DesiredModel(
            revision: 1, configuration: configuration,
            releases: Dictionary(uniqueKeysWithValues: configuration.apps.keys.map { ($0, release(of: $0, 1)) }))
    }

    var releases: [Release] {
        configuration.apps.keys.flatMap { app in (1...2).map { release(of: app, $0) } }
    }

    /// A host with nothing on it.
    func emptyReport(_ host: HostName) -> HostReport {
        HostReport(
            host: host, sequence: 1,
            facts: HostFacts(memory: .mebibytes(8192), processors: 8, system: "Debian 12", agentVersion: "1"))
    }
}
