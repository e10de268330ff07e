import ArgumentParser
import Core

struct LogoutCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Forget what `apus login` has kept.",
        discussion: "The token stays valid: `apus token revoke` makes it useless.")

    @Argument(help: "The fabric; without it, the one that is meant when none is named.") var fabric: String?

    func run(_ console: Console) async throws {
        var context = try ContextFile.read(console.environment)
        let named = try fabric.map { try FabricName($0) } ?? context.current
        guard let name = named, context.fabrics[name] != nil else {
            throw Problem(
                "context.fabric-unknown", "You were not logged in.", cause: "No login is kept for it.",
                remedy: "See `apus doctor` for those that are.")
        }
        context.fabrics[name] = nil
        if context.current == name { context.current = context.fabrics.keys.min() }
        _ = try context.write(console.environment)
        let current = context.current.map { " \($0) is meant now when no fabric is named." } ?? ""
        console.words.print(StyledText("✓ ", .green) + StyledText("Logged out of \(name).\(current)"))
    }
}
