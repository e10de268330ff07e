import ArgumentParser
import Core
import Wire

struct DiffCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "What differs between two releases of an app.")

    @Argument(help: "The app.", completion: Completions.apps) var app: String
    @Argument(help: "The release before: r6.") var from: String
    @Argument(help: "The release after: r7.") var to: String
    @Flag(help: "End with 2 if anything differs.") var detailedExitcode = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let diff = try await session.client.releaseDiff(
            of: try AppName(app), from: try ReleaseNumber.parse(from), to: try ReleaseNumber.parse(to))
        try session.console.show(diff, json: output.json, ReleaseText.diff)
        if detailedExitcode, !(diff.values.isEmpty && diff.files.isEmpty) { throw ExitCode(2) }
    }
}
