import ArgumentParser
import Core
import Wire

struct ScaleCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Override how many instances a process has.",
        discussion: "`apus scale shop web=6 worker=git`: six of web, and of worker what git says again.")

    @Argument(help: "The app.", completion: Completions.apps) var app: String
    @Argument(help: "PROCESS=N, or PROCESS=git.") var processes: [String]
    @OptionGroup var wait: WaitOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run(_ session: Session) async throws {
        let app = try AppName(app)
        // All are read before the first is sent.
        let requests = try processes.map(Self.request)
        let follower = Follower(session: session, json: output.json)
        var executions: [ExecutionID] = []
        var last: AcceptedView?
        for request in requests {
            let accepted = try await session.client.scale(app, request)
            executions += accepted.executions.filter { !executions.contains($0) }
            last = accepted
        }
        guard var accepted = last else { return }
        accepted.executions = executions
        try await follower.follow(accepted, waits: wait.waits)
    }

    /// - Throws: `scale.invalid`.
    static func request(_ text: String) throws(Problem) -> ScaleRequest {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
        let count = parts.count == 2 ? Int(parts[1]) : nil
        guard parts.count == 2, parts[1] == "git" || (count.map { (0...100_000).contains($0) } ?? false) else {
            throw Problem(
                "scale.invalid", "This does not say how many there should be.",
                cause: "\(quotedForMessage(text)) was found.",
                remedy: "Write PROCESS=NUMBER, such as web=6, or PROCESS=git for what git says.")
        }
        return ScaleRequest(process: try ProcessName(parts[0]), count: count)
    }
}
