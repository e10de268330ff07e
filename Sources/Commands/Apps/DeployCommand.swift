import ArgumentParser
import Core
import Wire

struct DeployCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build an app and roll it out.",
        discussion: """
            Nothing is asked: a deploy that fails goes back by itself, and `apus rollback` takes one back that \
            does not. Look first with --dry-run.
            """)

    @Argument(help: "The app.", completion: Completions.apps) var app: String
    @Option(help: "A branch, tag or commit of its source, in place of what git says.") var ref: String?
    @Option(help: "Only instances that match are changed: `zone=a`.") var filter: String?
    @Flag(help: "All instances at once, in place of batches.") var now = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let app = try AppName(app)
        let filter = try filter.map(Filter.init)
        if consent.isDryRun {
            let plans = try await session.client.makePlans(
                PlanRequest(purpose: .deploy, app: app, ref: ref, filter: filter))
            return try session.console.show(plans, json: output.json, PlanText.lines)
        }
        let accepted = try await session.client.deploy(
            app, DeployRequest(ref: ref, filter: filter, now: now ? true : nil))
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }
}
