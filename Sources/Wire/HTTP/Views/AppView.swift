package import Core

/// An app in one line.
package struct AppView: Codable, Hashable, Sendable {
    package var name: AppName
    package var colour: Colour
    package var reason: String
    /// The release that the app should run; nil: not deployed yet.
    package var release: Int?
    /// What the release was built from, for people: a short commit.
    package var version: String?
    /// The release that the app is held at by a rollback.
    package var pinned: Int?
    package var counts: ColourCounts = ColourCounts()
    package var processes: [ProcessView] = []
    /// The execution that runs for the app now.
    package var execution: ExecutionID?

    package init(
        name: AppName, colour: Colour, reason: String, release: Int? = nil, version: String? = nil, pinned: Int? = nil,
        counts: ColourCounts = ColourCounts(), processes: [ProcessView] = [], execution: ExecutionID? = nil
    ) {
        self.name = name
        self.colour = colour
        self.reason = reason
        self.release = release
        self.version = version
        self.pinned = pinned
        self.counts = counts
        self.processes = processes
        self.execution = execution
    }
}

/// A process type of an app.
package struct ProcessView: Codable, Hashable, Sendable {
    package var name: ProcessName
    /// How many instances there should be.
    package var desired: Int
    /// How many git says; differs from `desired` while an override is recorded.
    package var declared: Int
    /// How many are ready for their work.
    package var ready: Int
    package var counts: ColourCounts = ColourCounts()
    package var run: String
    package var memory: ByteCount?
    package var health: String?

    package init(
        name: ProcessName, desired: Int, declared: Int, ready: Int, counts: ColourCounts = ColourCounts(), run: String,
        memory: ByteCount? = nil, health: String? = nil
    ) {
        self.name = name
        self.desired = desired
        self.declared = declared
        self.ready = ready
        self.counts = counts
        self.run = run
        self.memory = memory
        self.health = health
    }
}

/// Which requests reach a process.
package struct RouteView: Codable, Hashable, Sendable {
    package var host: String?
    package var path: String
    package var to: ProcessName
    package var balancer: BalancerName?
    /// Where to look, when a balancer of the fabric serves the route: `http://127.0.7.1:8080/`.
    package var urls: [String] = []

    package init(
        host: String? = nil, path: String, to: ProcessName, balancer: BalancerName? = nil, urls: [String] = []
    ) {
        self.host = host
        self.path = path
        self.to = to
        self.balancer = balancer
        self.urls = urls
    }
}

/// An app with everything that its page shows.
package struct AppDetailView: Codable, Hashable, Sendable {
    package var app: AppView
    package var source: String
    package var build: String
    package var routes: [RouteView]
    /// All of them; of very many, the worst.
    package var instances: [InstanceView]
    /// The newest first.
    package var releases: [ReleaseView]
    /// The newest first, without their steps.
    package var executions: [ExecutionView]
    package var overrides: AppOverridesView = AppOverridesView()
    package var rollout: RolloutView

    package init(
        app: AppView, source: String, build: String, routes: [RouteView], instances: [InstanceView],
        releases: [ReleaseView], executions: [ExecutionView], overrides: AppOverridesView = AppOverridesView(),
        rollout: RolloutView
    ) {
        self.app = app
        self.source = source
        self.build = build
        self.routes = routes
        self.instances = instances
        self.releases = releases
        self.executions = executions
        self.overrides = overrides
        self.rollout = rollout
    }
}

/// What people have said about an app since the commit.
package struct AppOverridesView: Codable, Hashable, Sendable {
    package var scale: [ProcessName: Int] = [:]
    package var pinned: Int?

    package init(scale: [ProcessName: Int] = [:], pinned: Int? = nil) {
        self.scale = scale
        self.pinned = pinned
    }
}

/// How a new release takes over.
package struct RolloutView: Codable, Hashable, Sendable {
    package var strategy: RolloutPolicy.Strategy
    /// What the strategy does, in words.
    package var summary: String
    /// `25%` or a number.
    package var batch: String
    package var parallelMax: Int
    package var warmSeconds: Int64
    package var automaticRollback: Bool

    package init(
        strategy: RolloutPolicy.Strategy = .rolling, summary: String, batch: String, parallelMax: Int,
        warmSeconds: Int64, automaticRollback: Bool
    ) {
        self.strategy = strategy
        self.summary = summary
        self.batch = batch
        self.parallelMax = parallelMax
        self.warmSeconds = warmSeconds
        self.automaticRollback = automaticRollback
    }
}
