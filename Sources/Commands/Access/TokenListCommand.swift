import ArgumentParser
import Core
import Wire

struct TokenListCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every token, without its secret.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let now = session.console.now()
        try session.console.show(try await session.client.tokens(), json: output.json) {
            TokenText.table($0, at: now).lines(width: $1)
        }
    }
}

enum TokenText {
    static func table(_ tokens: [TokenView], at now: Instant) -> Table {
        var table = Table([
            .init("TOKEN"), .init("LABEL", isElastic: true), .init("ROLE"), .init("FABRIC"), .init("STATE"),
            .init("MADE"),
            .init("BY", isElastic: true), .init("USED"),
        ])
        for token in tokens {
            table.add([
                StyledText(token.id, .bold), StyledText(token.label), StyledText(token.role.rawValue),
                StyledText(token.fabric?.text ?? "every"), state(token, at: now),
                StyledText(Words.age(token.createdAt, at: now)),
                StyledText(token.createdBy), StyledText(token.lastUsedAt.map { Words.age($0, at: now) } ?? "never"),
            ])
        }
        return table
    }

    private static func state(_ token: TokenView, at now: Instant) -> StyledText {
        if token.revokedAt != nil { return StyledText("✗ revoked", .red) }
        guard let expiry = token.expiresAt else { return StyledText("✓ valid", .green) }
        if expiry <= now { return StyledText("✗ expired", .red) }
        return StyledText("✓ valid", .green) + StyledText(", ends \(Words.age(expiry, at: now))")
    }
}
