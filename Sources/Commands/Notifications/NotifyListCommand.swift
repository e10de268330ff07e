import ArgumentParser
import Core
import Wire

struct NotifyListCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every hook, and how it gets on.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let now = session.console.now()
        try session.console.show(try await session.client.notifications(), json: output.json) {
            HookText.table($0, at: now).lines(width: $1)
        }
    }
}

enum HookText {
    static func table(_ hooks: [NotificationHookView], at now: Instant) -> Table {
        var table = Table([
            .init("HOOK"), .init("WEBHOOK", isElastic: true), .init("EVENTS", isElastic: true),
            .init("WAITING", isRight: true), .init("TAKEN"), .init("STATE", isElastic: true),
        ])
        for hook in hooks {
            table.add([
                StyledText(hook.name.text, .bold), StyledText(hook.webhook),
                StyledText(hook.events?.map(\.rawValue).joined(separator: " ") ?? "all"),
                StyledText("\(hook.waiting)"),
                StyledText(hook.lastTakenAt.map { Words.age($0, at: now) } ?? "never"), state(hook),
            ])
        }
        return table
    }

    private static func state(_ hook: NotificationHookView) -> StyledText {
        if let problem = hook.problem { return StyledText("✗ \(problem.cause)", .red) }
        if hook.gaveUp > 0 { return StyledText("! \(hook.gaveUp) given up", .yellow) }
        return StyledText("✓ well", .green)
    }
}
