import ArgumentParser
import Wire

struct ResumeCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on with a paused execution.")

    @Argument(help: "The execution.", completion: Completions.executions) var execution: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        try await session.control(execution, ControlRequest(action: .resume), json: output.json)
    }
}
