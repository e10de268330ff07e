/// What git at one commit says about one fabric.
package struct FabricConfiguration: Codable, Hashable, Sendable {
    package var fabric: FabricName
    /// The full commit, 40 hexadecimal digits.
    package var commit: String
    package var policy: FabricPolicy
    package var hosts: [HostName: HostSpec]
    package var classes: [HostClassName: HostClassSpec]
    package var apps: [AppName: AppSpec]
    package var balancers: [BalancerName: BalancerSpec]
    package var dashboards: [DashboardName: DashboardSpec]

    package init(
        fabric: FabricName, commit: String, policy: FabricPolicy = FabricPolicy(), hosts: [HostName: HostSpec] = [:],
        classes: [HostClassName: HostClassSpec] = [:], apps: [AppName: AppSpec] = [:],
        balancers: [BalancerName: BalancerSpec] = [:], dashboards: [DashboardName: DashboardSpec] = [:]
    ) {
        self.fabric = fabric
        self.commit = commit
        self.policy = policy
        self.hosts = hosts
        self.classes = classes
        self.apps = apps
        self.balancers = balancers
        self.dashboards = dashboards
    }
}

/// How a fabric is looked after.
package struct FabricPolicy: Codable, Hashable, Sendable {
    package enum Apply: String, Codable, Hashable, Sendable, CaseIterable {
        /// A new commit of the configuration repository is carried out by itself.
        case automatic
        /// A new commit waits for `apus apply`.
        case manual
    }

    package var apply: Apply
    /// How long a host may be silent before its instances are placed elsewhere.
    package var lostHostGrace: Interval
    /// The largest share of hosts that may be replaced for being silent. Above it the control
    /// plane assumes that it is the one that is cut off, and only says so.
    package var lostHostsMax: Share
    /// Who is told what happens, by name.
    package var hooks: [NotificationHook]
    package var metrics: MetricsPolicy
    package var logs: LogsPolicy

    package init(
        apply: Apply = .automatic, lostHostGrace: Interval = .seconds(30), lostHostsMax: Share = .percent(34),
        hooks: [NotificationHook] = [], metrics: MetricsPolicy = MetricsPolicy(), logs: LogsPolicy = LogsPolicy()
    ) {
        self.apply = apply
        self.lostHostGrace = lostHostGrace
        self.lostHostsMax = lostHostsMax
        self.hooks = hooks
        self.metrics = metrics
        self.logs = logs
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            apply: try container.decode(Apply.self, forKey: .apply),
            lostHostGrace: try container.decode(Interval.self, forKey: .lostHostGrace),
            lostHostsMax: try container.decode(Share.self, forKey: .lostHostsMax),
            // What 0.1 saved has none of these.
            hooks: try container.decodeIfPresent([NotificationHook].self, forKey: .hooks) ?? [],
            metrics: try container.decodeIfPresent(MetricsPolicy.self, forKey: .metrics) ?? MetricsPolicy(),
            logs: try container.decodeIfPresent(LogsPolicy.self, forKey: .logs) ?? LogsPolicy())
    }
}

/// What people have said since the commit, recorded beside it and kept until taken back.
package struct Overrides: Codable, Hashable, Sendable {
    /// Instances of a process, in place of git's number.
    package var scale: [AppName: [ProcessName: Int]]
    /// Hosts that are to be emptied and take nothing.
    package var drained: Set<HostName>
    /// Releases that an app is held at, whatever its source says: set by a rollback.
    package var pinned: [AppName: Int]
    /// Apps whose instances keep the release that they serve, because a deploy was for a part of
    /// them, or failed and did not go back. The next whole deploy or rollback lets them go.
    package var held: Set<AppName>

    package init(
        scale: [AppName: [ProcessName: Int]] = [:], drained: Set<HostName> = [], pinned: [AppName: Int] = [:],
        held: Set<AppName> = []
    ) {
        self.scale = scale
        self.drained = drained
        self.pinned = pinned
        self.held = held
    }
}

/// What should be: git at a commit, the overrides, and the release that each app is to run.
/// Immutable, and numbered by its revision.
package struct DesiredModel: Codable, Hashable, Sendable {
    package var revision: Int64
    package var configuration: FabricConfiguration
    package var overrides: Overrides
    /// The release that each app should run. An app without one is not deployed yet.
    package var releases: [AppName: Release]

    package init(
        revision: Int64, configuration: FabricConfiguration, overrides: Overrides = Overrides(),
        releases: [AppName: Release] = [:]
    ) {
        self.revision = revision
        self.configuration = configuration
        self.overrides = overrides
        self.releases = releases
    }

    /// How many instances of a process there should be.
    package func instances(of app: AppName, _ process: ProcessSpec) -> Int {
        if process.replacement == .once { return 0 }
        return overrides.scale[app]?[process.name] ?? declaredInstances(of: app, process)
    }

    /// How many instances of a process git wants to stay.
    package func declaredInstances(of app: AppName, _ process: ProcessSpec) -> Int {
        process.replacement == .once ? 0 : configuration.apps[app]?.processes[process.name]?.instances ?? 0
    }
}
