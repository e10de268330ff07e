import ArgumentParser
import Core
import Wire

struct TokenJoinCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Make a one-time token that lets a host join.",
        discussion: "The token alone is on standard output.")

    @Argument(help: "The only host that may use it.") var host: String
    @Option(help: "After which time it is useless: 10m. Without it: an hour.") var expires: String?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let host = try HostName(host)
        let expiry = try expires.map(Interval.init)
        let token = try await session.client.createJoinToken(
            JoinTokenRequest(host: host, expiresInSeconds: expiry.map { $0.milliseconds / 1000 }))
        try session.console.show(token, json: output.json) { token, _ in [StyledText(token.secret)] }
        guard !output.json else { return }
        let age = Words.age(token.expiresAt, at: session.console.now())
        session.console.words.print(StyledText("It lets \(host) join once, and ends \(age)."))
        session.console.suggest("Start the agent on \(host) with it: apus agent --help.")
    }
}
