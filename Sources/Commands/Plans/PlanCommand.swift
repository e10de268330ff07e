import ArgumentParser
import Core
import Wire

struct PlanCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "What would be done, and why; nothing is.",
        discussion: """
            Without further options: what would repair the difference between what should be and what is. \
            A plan stays valid until what it was made from changes; `apus approve` carries it out.
            """)

    @Argument(help: "Only this app.", completion: Completions.apps) var app: String?
    @Flag(help: "Build the app and roll it out.") var deploy = false
    @Flag(help: "Go back to the release before, or to --to.") var rollback = false
    @Flag(help: "Make the newest commit of the configuration repository the desired one.") var apply = false
    @Option(help: "Make this commit of the configuration repository the desired one.") var commit: String?
    @Option(help: "With --deploy: a branch, tag or commit of the app's source.") var ref: String?
    @Option(help: ArgumentHelp("With --rollback: the release to go to.", valueName: "release")) var to: String?
    @Option(help: "Only instances that match are changed: `zone=a`.") var filter: String?
    @Flag(help: "End with 2 if there is anything to do.") var detailedExitcode = false
    @Flag(name: [.customShort("n"), .customLong("dry-run")], help: "As it always is.") var isDryRun = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard [deploy, rollback, apply || commit != nil].filter({ $0 }).count <= 1 else {
            throw ValidationError("Only one of --deploy, --rollback and --apply or --commit can be planned.")
        }
        guard app != nil || !(deploy || rollback) else { throw ValidationError("Name the app.") }
        guard ref == nil || deploy else { throw ValidationError("--ref belongs to --deploy.") }
        guard to == nil || rollback else { throw ValidationError("--to belongs to --rollback.") }
    }

    func run(_ session: Session) async throws {
        let plans = try await session.client.makePlans(
            PlanRequest(
                purpose: purpose, app: try app.map { try AppName($0) }, ref: ref,
                release: try to.map(ReleaseNumber.parse),
                commit: commit, filter: try filter.map(Filter.init)))
        try session.console.show(plans, json: output.json, PlanText.lines)
        let changing = plans.filter { !$0.isEmpty }
        if !output.json, let first = changing.first {
            session.console.suggest(
                purpose == .apply
                    ? "Carry it out with `apus apply\(commit.map { " \($0)" } ?? "")`."
                    : "Carry it out with `apus approve \(first.id)`.")
        }
        if detailedExitcode, !changing.isEmpty { throw ExitCode(2) }
    }

    private var purpose: PlanRequest.Purpose {
        if deploy { return .deploy }
        if rollback { return .rollback }
        return apply || commit != nil ? .apply : .reconcile
    }
}
