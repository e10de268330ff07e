import ArgumentParser
import Core
import Wire

struct ExecutionsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "executions", abstract: "Plans that are or were carried out, or one with its steps.")

    @Argument(help: "One execution.", completion: Completions.executions) var execution: String?
    @Option(help: "Only this app's.") var app: String?
    @Flag(help: "Only those that have not ended.") var running = false
    @Option(help: "How many at most.") var limit = 20
    @Flag(name: .shortAndLong, help: "Follow one execution until it ends.") var follow = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000.") }
        guard !follow || execution != nil else { throw ValidationError("Name the execution to follow.") }
    }

    func run(_ session: Session) async throws {
        let now = session.console.now()
        guard let execution else {
            let executions = try await session.client.executions(
                of: try app.map { try AppName($0) }, running: running, limit: limit)
            return try session.console.show(executions, json: output.json) {
                ExecutionText.table($0, at: now).lines(width: $1)
            }
        }
        let id = try ExecutionID(execution)
        if follow { return try await Follower(session: session, json: output.json).follow([id]) }
        let view = try await session.client.execution(id)
        try session.console.show(view, json: output.json) { ExecutionText.detail($0, at: now, width: $1) }
    }
}
