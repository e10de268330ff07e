package import Core
package import Wire

/// Commands that hosts have not answered yet, in the order in which they were given. A value: the
/// gateway holds it under a lock.
package struct CommandQueues: Sendable {
    /// What one host may owe. An orchestrator runs some twenty steps at a time: a longer queue
    /// means that nobody reads it.
    package static let commandsMax = 1000

    private var queues: [HostName: [AgentCommand]] = [:]

    package init() {}

    /// - Returns: whether the command is new; one that is given again waits only once.
    /// - Throws: `agent.queue-full`.
    package mutating func add(_ command: AgentCommand, for host: HostName) throws(Problem) -> Bool {
        var queue = queues[host] ?? []
        guard !queue.contains(where: { $0.id == command.id }) else { return false }
        guard queue.count < Self.commandsMax else {
            throw Problem(
                "agent.queue-full", "The command was not sent to \(host).",
                cause: "\(queue.count) commands wait for an answer of that host.",
                remedy: "Look at the host and its agent; `apus hosts` says when it was last heard.")
        }
        queue.append(command)
        queues[host] = queue
        return true
    }

    /// Takes the command out: it has ended, or nobody wants it any more.
    package mutating func remove(_ id: CommandID, for host: HostName) {
        queues[host]?.removeAll { $0.id == id }
        if queues[host]?.isEmpty == true { queues[host] = nil }
    }

    package func waiting(for host: HostName) -> [AgentCommand] { queues[host] ?? [] }
}
