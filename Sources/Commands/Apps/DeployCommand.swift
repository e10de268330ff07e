import ArgumentParser
import Core
import Wire

struct DeployCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Build apps and roll them out.",
        discussion: """
            Nothing is asked: a deploy that fails goes back by itself, and `apus rollback` takes one back that \
            does not. Look first with --dry-run. Of several apps, each waits for those that it comes after.
            """)

    @Argument(help: "The apps.", completion: Completions.apps) var apps: [String]
    @Option(help: "A branch, tag or commit of its source, in place of what git says.") var ref: String?
    @Option(help: "Only instances that match are changed: `zone=a`.") var filter: String?
    @OptionGroup(title: "Rollout") var rollout: RolloutOptions
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func validate() throws {
        if ref != nil && apps.count > 1 { throw ValidationError("--ref belongs to one app.") }
    }

    func run(_ session: Session) async throws {
        let apps = try await inOrder(try apps.map { try AppName($0) }, session)
        let filter = try filter.map(Filter.init)
        let overrides = try rollout.overrides()
        if consent.isDryRun {
            var plans: [PlanView] = []
            for app in apps {
                plans += try await session.client.makePlans(
                    PlanRequest(purpose: .deploy, app: app, ref: ref, filter: filter, rollout: overrides))
            }
            return try session.console.show(plans, json: output.json, PlanText.lines)
        }
        // All begin to build at once; the server lets each wait for those before it.
        var accepted: [AcceptedView] = []
        for app in apps {
            accepted.append(
                try await session.client.deploy(app, DeployRequest(ref: ref, filter: filter, rollout: overrides)))
        }
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }

    private func inOrder(_ apps: [AppName], _ session: Session) async throws -> [AppName] {
        guard apps.count > 1 else { return apps }
        return AppOrder(try await session.client.configuration()).sorted(apps)
    }
}
