import ArgumentParser
import Wire

struct StatusCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "The fabric at a glance.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let status = try await session.client.status()
        try session.console.show(status, json: output.json, StatusText.lines)
        if !output.json, let suggestion = StatusText.suggestion(status) { session.console.suggest(suggestion) }
    }
}
