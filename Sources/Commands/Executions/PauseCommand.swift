import ArgumentParser
import Wire

struct PauseCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Begin no further step of an execution.")

    @Argument(help: "The execution.", completion: Completions.executions) var execution: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        try await session.control(execution, ControlRequest(action: .pause), json: output.json)
    }
}
