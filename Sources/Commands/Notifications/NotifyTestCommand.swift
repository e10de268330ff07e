import ArgumentParser
import Core
import Wire

struct NotifyTestCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Send something to a hook, and say whether it was taken.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The hook; left out, every hook.") var hook: String?

    func run(_ session: Session) async throws {
        let request = NotificationTestRequest(hook: try hook.map { text throws(Problem) in try HookName(text) })
        let views = try await session.client.testNotifications(request)
        try session.console.show(views, json: output.json) { views, _ in
            views.flatMap { view in
                let took = Words.duration(Interval(milliseconds: view.milliseconds))
                guard let problem = view.problem else {
                    return [StyledText("✓ ", .green) + StyledText("\(view.hook) took it in \(took)")]
                }
                return [StyledText("✗ ", .red) + StyledText("\(view.hook) did not take it")]
                    + ProblemText.lines(problem)
            }
        }
        if views.contains(where: { $0.problem != nil }) { throw ExitCode(1) }
    }
}
