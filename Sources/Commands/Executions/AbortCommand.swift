import ArgumentParser
import Core
import Wire

struct AbortCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort", abstract: "End what runs of an execution, and begin nothing more.",
        discussion: "A deploy that is aborted leaves instances of two releases; `apus rollback` goes back.")

    @Argument(help: "The execution.", completion: Completions.executions) var execution: String
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Ask nothing.") var isConfirmed = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let id = try ExecutionID(execution)
        try session.console.confirm("Abort execution \(id)?", isAnswered: isConfirmed)
        try await session.control(execution, ControlRequest(action: .abort), json: output.json)
    }
}
