import ArgumentParser
import Core
import Wire

struct RevokeCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Shut a host out: its certificates and join tokens are refused, at once.",
        discussion: """
            Its connection ends. What runs on it goes on, out of reach: `apus drain HOST` first moves its instances in \
            order; without it they are placed elsewhere when the host counts as lost. A new join token lets it in again.
            """)

    @Argument(help: "The host.", completion: Completions.hosts) var host: String
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Ask nothing.") var isConfirmed = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let host = try HostName(host)
        try session.console.confirm("Shut \(host) out?", isAnswered: isConfirmed)
        try await session.client.revokeHost(host)
        session.console.words.print(StyledText("✓ ", .green) + StyledText("\(host) is shut out."))
        session.console.suggest("Let it join again with `apus token join \(host)`.")
    }
}
