import Core

/// What the files say, with places, before it is resolved for one fabric. A part that could not be
/// read has its default here and an error in the log.
struct Declarations {
    var fabrics: [FabricName: FabricDeclaration] = [:]
    var classes: [HostClassName: ClassDeclaration] = [:]
    var hosts: [HostName: HostDeclaration] = [:]
    var apps: [AppName: AppDeclaration] = [:]
    var balancers: [BalancerName: BalancerDeclaration] = [:]
    var dashboards: [DashboardName: DashboardSpec] = [:]

    /// Whether everything that the selector names is declared.
    func knows(_ selector: SelectorDeclaration) -> Bool {
        selector.hosts.allSatisfy { hosts[$0.value] != nil }
            && selector.hostClass.map { classes[$0.value] != nil } ?? true
    }
}

struct FabricDeclaration {
    var name: Located<FabricName>
    var policy: FabricPolicy
    var metrics: MetricsDeclaration
    var logs: LogsDeclaration
    /// Nil: any zone, in one region.
    var regions: [ZoneName: RegionName]?
}

struct ClassDeclaration {
    var name: Located<HostClassName>
    var spec: HostClassSpec
}

struct HostDeclaration {
    struct ClassReference {
        var name: HostClassName
        var version: Int
    }

    var name: Located<HostName>
    /// Empty: the only fabric that there is.
    var fabrics: [Located<FabricName>]
    var hostClass: Located<ClassReference>?
    var address: Located<HostAddress>?
    var zone: Located<ZoneName>?
    var labels: [String: String]
    var memory: ByteCount?
}

struct SelectorDeclaration {
    var hosts: [Located<HostName>] = []
    var hostClass: Located<HostClassName>?
    var labels: [String: String] = [:]
    var position: SourcePosition

    var selector: HostSelector {
        HostSelector(hosts: hosts.map(\.value), hostClass: hostClass?.value, labels: labels)
    }
}

struct ProcessDeclaration {
    enum Instances {
        case everywhere(Located<Int>)
        case byFabric([Located<FabricName>: Located<Int>])
    }

    var name: Located<ProcessName>
    /// With no instances and no placement: both are resolved for each fabric.
    var spec: ProcessSpec
    var instances: Instances
    var placement: SelectorDeclaration?

    /// How many instances a fabric gets; nil if the file does not mention it.
    func instances(in fabric: FabricName) -> Located<Int>? {
        switch instances {
        case .everywhere(let count): count
        case .byFabric(let counts): counts.first { $0.key.value == fabric }?.value
        }
    }
}

struct RouteDeclaration {
    var spec: RouteSpec
    var to: Located<ProcessName>
    var balancer: Located<BalancerName>?
    var position: SourcePosition
}

struct AppDeclaration {
    var name: Located<AppName>
    var source: SourceSpec
    var build: BuildRecipe
    var processes: [ProcessName: ProcessDeclaration]
    /// Texts of templates by the path that the app reads them at.
    var config: [String: String]
    var environment: [String: String]
    var routes: [RouteDeclaration]
    var rollout: RolloutPolicy
    /// Apps that come before this one.
    var after: [Located<AppName>]
}

struct BalancerDeclaration {
    var name: Located<BalancerName>
    var engine = BalancerEngine.haproxy
    var placement: SelectorDeclaration
    var listeners: [BalancerSpec.Listener]
    var statisticsPort: Int?
    var ports: [Located<Int>]
}

extension Located: Equatable where Value: Equatable {
    static func == (left: Located, right: Located) -> Bool { left.value == right.value }
}

extension Located: Hashable where Value: Hashable {
    func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
