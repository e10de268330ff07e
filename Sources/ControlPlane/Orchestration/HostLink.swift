package import Core
package import Wire

/// The way to the agents, as the loop needs it.
package protocol HostLink: Sendable {
    /// Sends the command now, or when the host is connected, until it has said how it ended.
    func send(_ command: AgentCommand, to host: HostName) throws(Problem)
    /// No longer sends the command.
    func withdraw(_ command: CommandID, from host: HostName)
    /// Agents whose connection was closed for what they said or showed, the oldest first.
    func refusals(since instant: Instant) -> [AgentRefusal]
    /// - Throws: `agent.not-connected`.
    func tail(
        _ instance: InstanceID, on host: HostName, lines: Int, follow: Bool
    ) throws(Problem) -> AsyncThrowingStream<[String], any Error>
}
