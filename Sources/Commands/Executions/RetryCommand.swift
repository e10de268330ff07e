import ArgumentParser
import Wire

struct RetryCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Begin the failed steps of an execution again.")

    @Argument(help: "The execution.", completion: Completions.executions) var execution: String
    @Option(help: "Only this step.") var step: Int?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        try await session.control(execution, ControlRequest(action: .retry, step: step), json: output.json)
    }
}
