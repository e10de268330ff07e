import ArgumentParser
import Wire

struct CancelStepCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel-step", abstract: "Say that a step need not be done.")

    @Argument(help: "The execution.", completion: Completions.executions) var execution: String
    @Argument(help: "The step's number.") var step: Int
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        try await session.control(execution, ControlRequest(action: .cancelStep, step: step), json: output.json)
    }
}
