import ArgumentParser
import Core
import Wire

struct RollbackCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to the release before, or to another.",
        discussion: """
            Nothing is asked, because it is urgent. The app is held at the release until its next deploy.
            """)

    @Argument(help: "The app.", completion: Completions.apps) var app: String
    @Option(help: ArgumentHelp("The release to go to, as `apus releases` numbers them.", valueName: "release"))
    var to: String?
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let app = try AppName(app)
        let release = try to.map(ReleaseNumber.parse)
        if consent.isDryRun {
            let plans = try await session.client.makePlans(PlanRequest(purpose: .rollback, app: app, release: release))
            return try session.console.show(plans, json: output.json, PlanText.lines)
        }
        let accepted = try await session.client.rollback(app, RollbackRequest(release: release))
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }
}
