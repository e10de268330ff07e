/// A machine with an agent, as git declares it.
package struct HostSpec: Codable, Hashable, Sendable {
    package var name: HostName
    /// The address that balancers reach its instances at: an IPv4 or IPv6 literal.
    package var address: String
    package var hostClass: HostClassName?
    package var region: RegionName
    package var zone: ZoneName
    package var labels: [String: String]
    /// Memory that instances may use together; what the agent reports when git does not say.
    package var memory: ByteCount?

    package init(
        name: HostName, address: String, hostClass: HostClassName? = nil, region: RegionName, zone: ZoneName,
        labels: [String: String] = [:], memory: ByteCount? = nil
    ) {
        self.name = name
        self.address = address
        self.hostClass = hostClass
        self.region = region
        self.zone = zone
        self.labels = labels
        self.memory = memory
    }
}

/// A named, versioned kind of host.
package struct HostClassSpec: Codable, Hashable, Sendable {
    package var name: HostClassName
    package var version: Int
    package var labels: [String: String]

    package init(name: HostClassName, version: Int, labels: [String: String] = [:]) {
        self.name = name
        self.version = version
        self.labels = labels
    }
}

/// Which hosts something may run on. Empty parts do not restrict.
package struct HostSelector: Codable, Hashable, Sendable {
    package var hosts: [HostName]
    package var hostClass: HostClassName?
    package var labels: [String: String]

    package init(hosts: [HostName] = [], hostClass: HostClassName? = nil, labels: [String: String] = [:]) {
        self.hosts = hosts
        self.hostClass = hostClass
        self.labels = labels
    }

    package var isUnrestricted: Bool { hosts.isEmpty && hostClass == nil && labels.isEmpty }

    /// - Parameter classLabels: what the host's class adds to the host's own labels.
    package func admits(_ host: HostSpec, classLabels: [String: String] = [:]) -> Bool {
        if !hosts.isEmpty && !hosts.contains(host.name) { return false }
        if let hostClass, host.hostClass != hostClass { return false }
        return labels.allSatisfy { (host.labels[$0.key] ?? classLabels[$0.key]) == $0.value }
    }
}
