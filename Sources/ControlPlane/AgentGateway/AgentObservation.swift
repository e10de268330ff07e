package import Core
package import Wire

/// What the gateway learns from agents, in the order in which each host said it. The host is
/// always the one that the certificate names.
package enum AgentObservation: Sendable {
    case connected(HostName, AgentHello)
    /// Nobody speaks for the host any more. Not said when a newer connection took over.
    case disconnected(HostName)
    case report(HostReport)
    case traffic(HostName, [BalancerTraffic])
    case outcome(HostName, CommandOutcome)
    case output(HostName, CommandID, line: String)
    case event(HostName, AgentEvent)
}
