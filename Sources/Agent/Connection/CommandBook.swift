import Core
import FoundationEssentials
import Logging
import Synchronization
import Wire

/// The ledger, and the file that it survives the agent's restarts in.
final class CommandBook: Sendable {
    private static let fileName = "commands.json"

    private let path: String
    private let ledger: Mutex<CommandLedger>
    private let logger: Logger

    /// - Throws: `commands.invalid`, `file.failed`.
    init(folder: String, logger: Logger) throws(Problem) {
        path = "\(folder)/\(Self.fileName)"
        self.logger = logger
        guard let bytes = try PrivateFile.read(path) else {
            ledger = Mutex(CommandLedger())
            return
        }
        do {
            ledger = Mutex(try JSONDecoder().decode(CommandLedger.self, from: Data(bytes)))
        } catch {
            throw Problem(
                "commands.invalid", "The agent does not know which commands it has carried out.",
                cause: "The file \(quotedForMessage(path, lengthMax: 200)) is damaged.",
                remedy:
                    "Remove it: commands that the server sends again are then carried out again, which does no harm.")
        }
    }

    var pending: [CommandOutcome] { ledger.withLock { $0.pending } }

    func receive(_ command: AgentCommand) -> CommandLedger.Verdict {
        ledger.withLock { ledger in
            let fenceBefore = ledger.fenceMax
            let verdict = ledger.receive(command)
            switch verdict {
            case .carryOut: if ledger.fenceMax != fenceBefore { save(ledger, survivesPowerCut: true) }
            case .ended(let outcome): ledger.reopen(outcome.command)
            case .runs, .outdated: break
            }
            return verdict
        }
    }

    func end(_ id: CommandID, with problem: Problem?) {
        ledger.withLock { ledger in
            ledger.end(id, with: problem)
            // A command whose outcome is forgotten is carried out again, which does no harm.
            save(ledger, survivesPowerCut: false)
        }
    }

    func forget(_ id: CommandID) { ledger.withLock { $0.forget(id) } }

    /// Written down with the next outcome: a lost acknowledgement costs one message.
    func acknowledge(_ id: CommandID) { ledger.withLock { $0.acknowledge(id) } }

    /// A full disk must not stop commands: the ledger in memory goes on, and the log says so.
    private func save(_ ledger: CommandLedger, survivesPowerCut: Bool) {
        do {
            try PrivateFile.write(try JSONEncoder().encode(ledger), to: path, survivesPowerCut: survivesPowerCut)
        } catch {
            logger.error("the outcomes of commands are not on disk", metadata: ["error": "\(error)"])
        }
    }
}
