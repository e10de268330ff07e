import ArgumentParser
import Core
import Wire

struct TokenCreateCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token; its secret is shown this once.",
        discussion: "The secret alone is on standard output: TOKEN=$(apus token create --label ci --role deployer).")

    @Option(help: "Whose it is, for the audit log.") var label: String
    @Option(help: "reporter, viewer, deployer, operator or admin.", completion: .list(Role.allCases.map(\.rawValue)))
    var role: String
    @Option(help: "After which time it is useless: 90d. Without it: never.") var expires: String?
    @Flag(help: "For every fabric, not only this server's.") var everyFabric = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        guard let role = Role(rawValue: role) else {
            throw Problem(
                "role.unknown", "There is no such role.", cause: "\(quotedForMessage(role)) was found.",
                remedy: "Write \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        let expiry = try expires.map(Interval.init)
        let fabric = everyFabric ? nil : try await session.client.version().fabric
        let issued = try await session.client.createToken(
            TokenRequest(
                label: label, role: role, fabric: fabric, expiresInSeconds: expiry.map { $0.milliseconds / 1000 }))
        try session.console.show(issued, json: output.json) { issued, _ in [StyledText(issued.secret)] }
        guard !output.json else { return }
        session.console.words.print(
            StyledText("Token \(issued.token.id) of \(label) is made. Its secret is shown this once, and kept nowhere.")
        )
        session.console.suggest("Use it as APUS_TOKEN, or keep it with `apus login \(session.client.address.url)`.")
    }
}
