/// Whether an instance answers its probe.
package enum Health: String, Codable, Hashable, Sendable, CaseIterable {
    /// It has no probe; running is all that is known.
    case unchecked
    /// Started, and has not answered yet.
    case starting
    case healthy
    case unhealthy
}

/// An instance as its agent reports it.
package struct LiveInstance: Codable, Hashable, Sendable {
    package var id: InstanceID
    package var releaseIdentity: Digest
    package var state: LifecycleState
    package var health: Health
    /// Where it listens, if it does.
    package var port: Int?
    package var processID: Int32?
    /// How often it has been started again after it ended by itself.
    package var restarts: Int
    /// Why it does not run although it should: the last exit, a crash loop, a failed phase.
    package var failure: String?
    /// When state, health or failure last changed.
    package var since: Instant

    package init(
        id: InstanceID, releaseIdentity: Digest, state: LifecycleState, health: Health, port: Int? = nil,
        processID: Int32? = nil, restarts: Int = 0, failure: String? = nil, since: Instant
    ) {
        self.id = id
        self.releaseIdentity = releaseIdentity
        self.state = state
        self.health = health
        self.port = port
        self.processID = processID
        self.restarts = restarts
        self.failure = failure
        self.since = since
    }

    /// Whether it can do its work now.
    package var isReady: Bool { state == .running && failure == nil && (health == .healthy || health == .unchecked) }
}

/// What a host is made of.
package struct HostFacts: Codable, Hashable, Sendable {
    package var memory: ByteCount
    package var processors: Int
    package var system: String
    package var agentVersion: String

    package init(memory: ByteCount, processors: Int, system: String, agentVersion: String) {
        self.memory = memory
        self.processors = processors
        self.system = system
        self.agentVersion = agentVersion
    }
}

/// Which releases an app's links on a host name, by identity.
package struct ReleaseLinks: Codable, Hashable, Sendable {
    package var current: Digest?
    package var previous: Digest?

    package init(current: Digest? = nil, previous: Digest? = nil) {
        self.current = current
        self.previous = previous
    }
}

/// The balancer of a host as its agent reports it.
package struct LiveBalancer: Codable, Hashable, Sendable {
    package var name: BalancerName
    /// SHA-256 of the configuration that serves.
    package var applied: Digest?
    /// Why the last configuration was refused; the one before still serves.
    package var failure: Problem?
    package var isRunning: Bool

    package init(name: BalancerName, applied: Digest?, failure: Problem?, isRunning: Bool) {
        self.name = name
        self.applied = applied
        self.failure = failure
        self.isRunning = isRunning
    }
}

/// Everything a host says about itself.
package struct HostReport: Codable, Hashable, Sendable {
    package var host: HostName
    /// Counts the reports of one run of the agent.
    package var sequence: Int64
    package var facts: HostFacts
    package var instances: [LiveInstance]
    package var links: [AppName: ReleaseLinks]
    package var balancers: [LiveBalancer]

    package init(
        host: HostName, sequence: Int64, facts: HostFacts, instances: [LiveInstance] = [],
        links: [AppName: ReleaseLinks] = [:], balancers: [LiveBalancer] = []
    ) {
        self.host = host
        self.sequence = sequence
        self.facts = facts
        self.instances = instances
        self.links = links
        self.balancers = balancers
    }
}

/// A host as the control plane knows it. A stale report is never read as "gone".
package struct LiveHost: Codable, Hashable, Sendable {
    package enum Contact: String, Codable, Hashable, Sendable, CaseIterable {
        /// Heard from within the heartbeat's limit.
        case connected
        /// Silent, for less than the grace period.
        case silent
        /// Silent for longer than the grace period.
        case lost
        /// Declared in git, and no agent has ever joined.
        case expected
    }

    package var name: HostName
    package var contact: Contact
    package var lastHeard: Instant?
    package var report: HostReport?

    package init(name: HostName, contact: Contact, lastHeard: Instant?, report: HostReport?) {
        self.name = name
        self.contact = contact
        self.lastHeard = lastHeard
        self.report = report
    }
}

/// What is, as far as agents have said.
package struct LiveModel: Codable, Hashable, Sendable {
    package var revision: Int64
    package var at: Instant
    package var hosts: [HostName: LiveHost]
    /// Instances that serve no longer by what is recorded, while a balancer has not confirmed that
    /// it gives them nothing: they may not be stopped.
    package var unconfirmed: Set<InstanceKey>

    package init(
        revision: Int64, at: Instant, hosts: [HostName: LiveHost], unconfirmed: Set<InstanceKey> = []
    ) {
        self.revision = revision
        self.at = at
        self.hosts = hosts
        self.unconfirmed = unconfirmed
    }

    package func instance(_ id: InstanceID, on host: HostName) -> LiveInstance? {
        hosts.index(forKey: host).flatMap { hosts.values[$0].report?.instances.first { $0.id == id } }
    }

    // A host is large: what follows looks at it where it is, since to copy it takes longer than to find it.

    /// - Parameter body: is not called for a host that is not known.
    func look(at host: HostName, _ body: (borrowing LiveHost) -> Void) {
        if let index = hosts.index(forKey: host) { body(hosts.values[index]) }
    }

    func contact(of host: HostName) -> LiveHost.Contact? {
        hosts.index(forKey: host).map { hosts.values[$0].contact }
    }

    func state(of id: InstanceID, on host: HostName) -> LifecycleState? {
        hosts.index(forKey: host).flatMap { hosts.values[$0].report?.instances.first { $0.id == id }?.state }
    }

    /// The release that an app's link on a host names.
    func link(of app: AppName, on host: HostName) -> Digest? {
        hosts.index(forKey: host).flatMap { hosts.values[$0].report?.links[app]?.current }
    }

    func memory(of host: HostName) -> ByteCount? {
        hosts.index(forKey: host).flatMap { hosts.values[$0].report?.facts.memory }
    }
}
