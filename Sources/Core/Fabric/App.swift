/// An app as git declares it, resolved for one fabric.
package struct AppSpec: Codable, Hashable, Sendable {
    package var name: AppName
    package var source: SourceSpec
    package var build: BuildRecipe
    package var processes: [ProcessName: ProcessSpec]
    /// Templates, rendered once per release, by the path that the app reads them at.
    package var config: [String: String]
    package var environment: [String: String]
    package var routes: [RouteSpec]
    package var rollout: RolloutPolicy

    package init(
        name: AppName, source: SourceSpec, build: BuildRecipe, processes: [ProcessName: ProcessSpec],
        config: [String: String] = [:], environment: [String: String] = [:], routes: [RouteSpec] = [],
        rollout: RolloutPolicy = RolloutPolicy()
    ) {
        self.name = name
        self.source = source
        self.build = build
        self.processes = processes
        self.config = config
        self.environment = environment
        self.routes = routes
        self.rollout = rollout
    }
}

/// Where an app's source is.
package enum SourceSpec: Codable, Hashable, Sendable {
    /// A git repository (URL or absolute path) and the branch, tag or commit in it.
    case git(url: String, ref: String)
    /// A folder of the configuration repository itself, at the same commit.
    case folder(path: String)
}

/// How a source becomes a package.
package enum BuildRecipe: Codable, Hashable, Sendable {
    /// `requirements.txt` is installed into the package's own `venv`-like folder.
    case python
    /// The lock file's modules are packed when there is a lock file.
    case node
    /// The source, or a folder of it, as it is.
    case files
    /// An executable of the source is run in a copy of it; `output` (default: all) is packed.
    case script(path: String, output: String?)

    package var word: String {
        switch self {
        case .python: "python"
        case .node: "node"
        case .files: "files"
        case .script: "script"
        }
    }
}

/// A process type of an app.
package struct ProcessSpec: Codable, Hashable, Sendable {
    package var name: ProcessName
    package var run: RunSpec
    package var instances: Int
    package var health: HealthProbe?
    package var limits: ResourceLimits
    package var stop: StopSpec
    package var placement: HostSelector
    package var replacement: Replacement
    /// The app's own executables for phases of the lifecycle, as paths in the package.
    package var phases: [LifecyclePhase: String]

    package init(
        name: ProcessName, run: RunSpec, instances: Int = 1, health: HealthProbe? = nil,
        limits: ResourceLimits = ResourceLimits(), stop: StopSpec = StopSpec(),
        placement: HostSelector = HostSelector(),
        replacement: Replacement = .inPlace, phases: [LifecyclePhase: String] = [:]
    ) {
        self.name = name
        self.run = run
        self.instances = instances
        self.health = health
        self.limits = limits
        self.stop = stop
        self.placement = placement
        self.replacement = replacement
        self.phases = phases
    }
}

/// What an instance runs.
package enum RunSpec: Codable, Hashable, Sendable {
    case command(CommandTemplate)
    /// A folder of the package, served over HTTP by Apus itself.
    case files(folder: String)

    /// Whether the instance is given a port to listen on.
    package var listens: Bool {
        switch self {
        case .command(let command): command.variables.contains("PORT")
        case .files: true
        }
    }
}

/// How the next release takes the place of an instance.
package enum Replacement: String, Codable, Hashable, Sendable, CaseIterable {
    /// The new one starts beside the old one, takes over, and the old one stays warm.
    case beside
    /// The old one is stopped first: for what must not run twice, such as a worker.
    case inPlace = "in-place"
}

/// How Apus knows that an instance works.
package struct HealthProbe: Codable, Hashable, Sendable {
    package enum Kind: Codable, Hashable, Sendable {
        /// A GET of the path that answers 2xx or 3xx.
        case http(path: String)
        /// A connection that is accepted.
        case tcp
        /// An executable that exits 0.
        case command(CommandTemplate)
    }

    package var kind: Kind
    package var interval: Interval
    package var timeout: Interval
    /// How many failures in a row make a healthy instance unhealthy.
    package var failuresMax: Int
    /// How long a started instance may take until its first success.
    package var startup: Interval

    package init(
        kind: Kind, interval: Interval = .seconds(1), timeout: Interval = .seconds(2), failuresMax: Int = 3,
        startup: Interval = .seconds(60)
    ) {
        self.kind = kind
        self.interval = interval
        self.timeout = timeout
        self.failuresMax = failuresMax
        self.startup = startup
    }
}

package struct ResourceLimits: Codable, Hashable, Sendable {
    package var memory: ByteCount?
    /// Share of the CPU against other instances when it is scarce: 1 to 10,000, default 100.
    package var cpuWeight: Int?
    /// Most open file descriptors.
    package var files: Int?

    package init(memory: ByteCount? = nil, cpuWeight: Int? = nil, files: Int? = nil) {
        self.memory = memory
        self.cpuWeight = cpuWeight
        self.files = files
    }
}

package struct StopSpec: Codable, Hashable, Sendable {
    package enum Signal: String, Codable, Hashable, Sendable, CaseIterable {
        case term = "TERM"
        case int = "INT"
        case quit = "QUIT"
        case hup = "HUP"
        case usr1 = "USR1"
        case usr2 = "USR2"
    }

    package var signal: Signal
    /// How long the process may take; then it is killed.
    package var timeout: Interval

    package init(signal: Signal = .term, timeout: Interval = .seconds(10)) {
        self.signal = signal
        self.timeout = timeout
    }
}

/// How a new release takes over.
package struct RolloutPolicy: Codable, Hashable, Sendable {
    /// How many instances of a process change at a time.
    package var batch: Share
    /// How many steps run at once.
    package var parallelMax: Int
    /// How long the release before stays warm beside the new one.
    package var warm: Interval
    /// Whether a rollout that fails goes back by itself.
    package var automaticRollback: Bool
    /// How many packages a host keeps for the app.
    package var packagesKept: Int
    /// How long connections to an instance that leaves may last before the balancer cuts them.
    package var drain: Interval {
        get { drainLimit ?? .seconds(60) }
        set { drainLimit = newValue }
    }
    /// Nil in what version 0.1.0 has written.
    private var drainLimit: Interval?

    package init(
        batch: Share = .percent(25), parallelMax: Int = 20, warm: Interval = .minutes(30),
        automaticRollback: Bool = true,
        packagesKept: Int = 3, drain: Interval = .seconds(60)
    ) {
        self.batch = batch
        self.parallelMax = parallelMax
        self.warm = warm
        self.automaticRollback = automaticRollback
        self.packagesKept = packagesKept
        drainLimit = drain
    }
}
