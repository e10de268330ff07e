package import Core

/// A host as git declares it and as its agent reports it.
package struct HostView: Codable, Hashable, Sendable {
    package var name: HostName
    package var address: String?
    package var hostClass: HostClassName?
    package var classVersion: Int?
    package var region: RegionName?
    package var zone: ZoneName?
    package var labels: [String: String] = [:]
    package var contact: LiveHost.Contact
    package var lastHeard: Instant?
    package var isDrained: Bool = false
    package var colour: Colour
    package var reason: String
    /// Instances on the host by colour.
    package var counts: ColourCounts = ColourCounts()
    /// Memory that instances may use together.
    package var memory: ByteCount?
    /// Memory that the instances placed there have asked for.
    package var memoryPlaced: ByteCount?
    package var processors: Int?
    package var system: String?
    package var agentVersion: String?
    package var balancers: [BalancerView] = []

    package init(
        name: HostName, address: String? = nil, hostClass: HostClassName? = nil, classVersion: Int? = nil,
        region: RegionName? = nil, zone: ZoneName? = nil, labels: [String: String] = [:], contact: LiveHost.Contact,
        lastHeard: Instant? = nil, isDrained: Bool = false, colour: Colour, reason: String,
        counts: ColourCounts = ColourCounts(), memory: ByteCount? = nil, memoryPlaced: ByteCount? = nil,
        processors: Int? = nil, system: String? = nil, agentVersion: String? = nil, balancers: [BalancerView] = []
    ) {
        self.name = name
        self.address = address
        self.hostClass = hostClass
        self.classVersion = classVersion
        self.region = region
        self.zone = zone
        self.labels = labels
        self.contact = contact
        self.lastHeard = lastHeard
        self.isDrained = isDrained
        self.colour = colour
        self.reason = reason
        self.counts = counts
        self.memory = memory
        self.memoryPlaced = memoryPlaced
        self.processors = processors
        self.system = system
        self.agentVersion = agentVersion
        self.balancers = balancers
    }
}

/// A balancer as its host's agent reports it.
package struct BalancerView: Codable, Hashable, Sendable {
    package var name: BalancerName
    package var isRunning: Bool
    /// SHA-256 of the configuration that serves.
    package var applied: Digest?
    /// Why the last configuration was refused; the one before still serves.
    package var problem: Problem?

    package init(name: BalancerName, isRunning: Bool, applied: Digest? = nil, problem: Problem? = nil) {
        self.name = name
        self.isRunning = isRunning
        self.applied = applied
        self.problem = problem
    }
}

/// A host with everything on it.
package struct HostDetailView: Codable, Hashable, Sendable {
    package var host: HostView
    package var instances: [InstanceView]
    /// Which release each app's links name, by number.
    package var links: [AppName: LinksView] = [:]

    package init(host: HostView, instances: [InstanceView], links: [AppName: LinksView] = [:]) {
        self.host = host
        self.instances = instances
        self.links = links
    }
}

/// Which releases the links `current` and `previous` name, by number where it is known.
package struct LinksView: Codable, Hashable, Sendable {
    package var current: Int?
    package var previous: Int?

    package init(current: Int? = nil, previous: Int? = nil) {
        self.current = current
        self.previous = previous
    }
}
