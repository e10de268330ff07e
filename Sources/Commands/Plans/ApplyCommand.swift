import ArgumentParser
import Core
import Wire

struct ApplyCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make a commit of the configuration repository the desired one.")

    @Argument(help: "A branch, tag or commit; without it, the newest commit.") var commit: String?
    @Flag(help: "With --dry-run: end with 2 if there is anything to do.") var detailedExitcode = false
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        var commit = commit
        if consent.isDryRun || !consent.isConfirmed {
            let plans = try await session.client.makePlans(PlanRequest(purpose: .apply, commit: commit))
            // What was shown is what is applied, also if another commit arrives meanwhile.
            commit = plans.first?.commit ?? commit
            if consent.isDryRun || !output.json { try session.console.show(plans, json: output.json, PlanText.lines) }
            if consent.isDryRun {
                if detailedExitcode, plans.contains(where: { !$0.isEmpty }) { throw ExitCode(2) }
                return
            }
        }
        let name = commit.map { "commit \(Words.commit($0))" } ?? "the newest commit"
        try session.console.confirm("Apply \(name)?", isAnswered: consent.isConfirmed)
        let accepted = try await session.client.apply(ApplyRequest(commit: commit))
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }
}
