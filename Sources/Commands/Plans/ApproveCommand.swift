import ArgumentParser
import Core
import Wire

struct ApproveCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Carry out a plan that `apus plan` has made.",
        discussion: "It is refused if what the plan was made from has changed.")

    @Argument(help: "The plan.") var plan: String
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let id = try PlanID(plan)
        if consent.isDryRun || !consent.isConfirmed {
            let plan = try await session.client.plan(id)
            if consent.isDryRun || !output.json { try session.console.show(plan, json: output.json, PlanText.lines) }
            if consent.isDryRun { return }
        }
        try session.console.confirm("Carry it out?", isAnswered: consent.isConfirmed)
        let accepted = try await session.client.approve(id)
        try await Follower(session: session, json: output.json).follow(accepted, waits: wait.waits)
    }
}
