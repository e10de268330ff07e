package import Core
package import Wire

/// Which commands an agent was given and how they ended, so that a command that arrives twice is
/// carried out once. A value; `CommandBook` keeps it in a file.
package struct CommandLedger: Codable, Sendable {
    package enum Verdict: Sendable {
        /// New: to be carried out.
        case carryOut
        /// It runs already; its outcome will come.
        case runs
        /// It has ended before: the outcome is to be said again.
        case ended(CommandOutcome)
        /// Not carried out, and not answered: it came from a server that no longer leads. The one
        /// that leads may give a command of the same name, which must not be taken for this one.
        case outdated(Problem)
    }

    /// Outcomes that are remembered after the server has them: more than a server has under way
    /// when it restarts.
    package static let acknowledgedMax = 256
    /// Commands that may run at once.
    package static let runningMax = 256

    /// The highest lease that a command came under.
    package private(set) var fenceMax: Int64 = 0
    private var unacknowledged: [CommandOutcome] = []
    private var acknowledged: [CommandOutcome] = []
    /// Not kept over a restart: a command that was cut off is carried out again.
    private var running: Set<CommandID> = []

    private enum CodingKeys: CodingKey { case fenceMax, unacknowledged, acknowledged }

    package init() {}

    /// Outcomes that the server has not confirmed, the oldest first.
    package var pending: [CommandOutcome] { unacknowledged }

    package mutating func receive(_ command: AgentCommand) -> Verdict {
        if let outcome = outcome(of: command.id) { return .ended(outcome) }
        if running.contains(command.id) { return .runs }
        guard command.fence >= fenceMax else {
            return .outdated(Self.outdated(command.fence, fenceMax))
        }
        fenceMax = command.fence
        guard running.count < Self.runningMax else { return .ended(end(command.id, with: Self.busy)) }
        running.insert(command.id)
        return .carryOut
    }

    /// - Parameter problem: nil: it succeeded.
    @discardableResult
    package mutating func end(_ id: CommandID, with problem: Problem?) -> CommandOutcome {
        let outcome = CommandOutcome(command: id, problem: problem)
        running.remove(id)
        unacknowledged.append(outcome)
        return outcome
    }

    /// The agent stops while the command runs: it counts as never begun.
    package mutating func forget(_ id: CommandID) { running.remove(id) }

    package mutating func acknowledge(_ id: CommandID) {
        guard let index = unacknowledged.firstIndex(where: { $0.command == id }) else { return }
        acknowledged.append(unacknowledged.remove(at: index))
        if acknowledged.count > Self.acknowledgedMax { acknowledged.removeFirst() }
    }

    /// Makes an outcome that the server seems to have lost one that is sent again.
    package mutating func reopen(_ id: CommandID) {
        guard let index = acknowledged.firstIndex(where: { $0.command == id }) else { return }
        unacknowledged.append(acknowledged.remove(at: index))
    }

    private func outcome(of id: CommandID) -> CommandOutcome? {
        unacknowledged.last { $0.command == id } ?? acknowledged.last { $0.command == id }
    }

    private static func outdated(_ fence: Int64, _ fenceMax: Int64) -> Problem {
        Problem(
            "command.outdated", "The command was not carried out.",
            cause: "It was given under the lease \(fence), and the host has had commands of the lease \(fenceMax).",
            remedy: "Another server leads now; nothing needs to be done.")
    }

    private static let busy = Problem(
        "command.too-many", "The command was not carried out.", cause: "\(runningMax) commands run on the host.",
        remedy: "Give it again when some have ended.")
}
