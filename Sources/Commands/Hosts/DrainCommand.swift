import ArgumentParser
import Core
import Wire

struct DrainCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain", abstract: "Empty a host: its instances move, and it takes nothing new.")

    @Argument(help: "The host.", completion: Completions.hosts) var host: String
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let host = try HostName(host)
        let accepted = try await session.client.drain(host)
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
        if !output.json { session.console.suggest("Let it take instances again with `apus undrain \(host)`.") }
    }
}
