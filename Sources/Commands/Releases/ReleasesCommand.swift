import ArgumentParser
import Core
import Wire

struct ReleasesCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "An app's releases, the newest first.")

    @Argument(help: "The app.", completion: Completions.apps) var app: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let (app, now) = (try AppName(app), session.console.now())
        let releases = try await session.client.releases(of: app)
        try session.console.show(releases, json: output.json) { ReleaseText.table($0, at: now).lines(width: $1) }
        guard !output.json else { return }
        if releases.isEmpty {
            session.console.words.print(StyledText("\(app) has no release yet."))
            session.console.suggest("Make the first with `apus deploy \(app)`.")
        } else if releases.count > 1 {
            let (from, to) = (releases[1].number, releases[0].number)
            session.console.suggest("See what the newest changed with `apus diff \(app) r\(from) r\(to)`.")
        }
    }
}
