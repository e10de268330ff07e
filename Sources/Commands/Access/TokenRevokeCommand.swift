import ArgumentParser
import Wire

struct TokenRevokeCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Make a token useless, at once.")

    @Argument(help: "The token, as `apus token list` shows it.") var token: String
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Ask nothing.") var isConfirmed = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        try session.console.confirm(
            "Revoke token \(StyledText(token).rendered(colour: false))?", isAnswered: isConfirmed)
        try await session.client.revokeToken(token)
        session.console.words.print(StyledText("✓ ", .green) + StyledText("Token \(token) is useless now."))
    }
}
