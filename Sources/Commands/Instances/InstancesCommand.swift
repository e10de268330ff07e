import ArgumentParser
import Core
import Wire

struct InstancesCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "instances", abstract: "Instances that are, or should be.",
        discussion: """
            A filter compares app, process, host, zone, class, release, state, health, duty, colour, delta and \
            label.NAME: `app=shop and not (zone=a or colour=green)`.
            """)

    @Argument(help: "Only this app's.", completion: Completions.apps) var app: String?
    @Option(help: "Which are meant: `app=shop and colour=red`.") var filter: String?
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let now = session.console.now()
        let app = try app.map { try AppName($0) }
        // The app is compared here, since a filter's own `or` would bind weaker than it.
        let found = try await session.client.instances(try filter.map(Filter.init) ?? .all)
        let instances = found.filter { app == nil || $0.app == app }
        try session.console.show(instances, json: output.json) { InstanceText.table($0, at: now).lines(width: $1) }
        if instances.isEmpty, !output.json { session.console.words.print("No instance is meant by this.") }
    }
}
