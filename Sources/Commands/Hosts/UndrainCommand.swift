import ArgumentParser
import Core
import Wire

struct UndrainCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain", abstract: "Let a drained host take instances again.")

    @Argument(help: "The host.", completion: Completions.hosts) var host: String
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let accepted = try await session.client.undrain(try HostName(host))
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }
}
