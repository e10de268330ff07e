package import Core
package import Wire

/// What an agent may say at most. An agent is a program on a machine that others may have taken
/// over: its figures end up in placement, balancers and pages.
package enum ReportCheck {
    package static let instancesMax = 10_000
    private static let balancersMax = 100
    /// Servers of all balancers of a host, with those that have gone since the balancer's start.
    private static let serversMax = 100_000
    /// A million requests a second for a hundred years.
    private static let requestsMax: Int64 = 1 << 52
    private static let textBytesMax = 64 << 10
    private static let memoryMax = ByteCount(bytes: 1 << 60)
    /// 1970 to 9999: a host's clock may be wrong by years, and figures of it are subtracted.
    private static let instants = Instant(milliseconds: 0)...Instant(milliseconds: 253_402_300_799_999)

    /// - Throws: `agent.report-refused`.
    package static func check(_ report: HostReport, from host: HostName) throws(Problem) {
        guard report.host == host else {
            throw refused("It is for the host \(report.host); the certificate is for \(host).")
        }
        guard report.sequence >= 0 else { throw refused("Its sequence is negative.") }
        guard report.instances.count <= instancesMax, report.links.count <= instancesMax else {
            throw refused("It has \(report.instances.count) instances; at most \(instancesMax) are read.")
        }
        guard report.balancers.count <= balancersMax else {
            throw refused("It has \(report.balancers.count) balancers.")
        }
        let facts = report.facts
        guard (ByteCount(bytes: 0)...memoryMax).contains(facts.memory), (0...65_536).contains(facts.processors) else {
            throw refused("It has \(facts.memory) of memory and \(facts.processors) processors.")
        }
        try check(text: facts.system)
        try check(text: facts.agentVersion)
        for balancer in report.balancers { try check(text: balancer.failure?.description ?? "") }
        var seen: Set<InstanceID> = []
        for instance in report.instances {
            guard seen.insert(instance.id).inserted else { throw refused("It has the instance \(instance.id) twice.") }
            guard instance.port.map((1...65_535).contains) ?? true, instance.restarts >= 0,
                instance.processID.map({ $0 > 0 }) ?? true
            else { throw refused("The instance \(instance.id) has an impossible port, process or number of restarts.") }
            guard instants.contains(instance.since) else {
                throw refused("The instance \(instance.id) has an impossible time, \(instance.since.milliseconds).")
            }
            try check(text: instance.failure ?? "")
        }
    }

    /// - Throws: `agent.report-refused` for counters that no balancer can have. Whether the host has
    ///   the balancer, and the balancer the server, is for who takes them to know.
    package static func check(_ traffic: [BalancerTraffic]) throws(Problem) {
        guard traffic.count <= balancersMax else { throw refused("It has counters of \(traffic.count) balancers.") }
        let servers = traffic.reduce(0) { $0 + $1.servers.count }
        guard servers <= serversMax else {
            throw refused("It has counters of \(servers) servers; at most \(serversMax) are read.")
        }
        for balancer in traffic {
            for server in balancer.servers {
                let counted = server.traffic
                guard (0...requestsMax).contains(counted.requests), (0...requestsMax).contains(counted.failed),
                    counted.latency.isPlausible, counted.latency.count <= requestsMax
                else {
                    throw refused("\(balancer.balancer) has impossible counters of \(server.instance).")
                }
            }
        }
    }

    /// - Throws: `agent.report-refused` for more measurements than a frame of ours has.
    package static func check(metricsBytes: Int) throws(Problem) {
        guard metricsBytes <= AgentProtocol.metricsBytesMax else {
            throw refused("It has \(metricsBytes) bytes of measurements in one frame.")
        }
    }

    /// - Throws: `agent.report-refused` for a text that nobody would read.
    package static func check(text: String) throws(Problem) {
        guard text.utf8.count <= textBytesMax else { throw refused("It has a text of \(text.utf8.count) bytes.") }
    }

    private static func refused(_ cause: String) -> Problem {
        Problem(
            "agent.report-refused", "What the host said about itself was not accepted.", cause: cause,
            remedy: "Look at the host: this is a fault in its agent, or somebody else speaks for it.")
    }
}
