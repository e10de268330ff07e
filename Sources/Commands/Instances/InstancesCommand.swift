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
    @OptionGroup(title: "List") var list: ListOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let now = session.console.now()
        let app = try app.map { try AppName($0) }
        var filter = try list.parsedFilter
        if let app { filter = try Filter("app=\(app)" + (filter.text.isEmpty ? "" : " and (\(filter.text))")) }
        if let key = try list.groupKey {
            let groups = try await session.client.instanceGroups(filter, by: key)
            return try session.console.show(groups, json: output.json) {
                GroupText.table(groups, by: key, of: "INSTANCES").lines(width: $1)
            }
        }
        let instances = try await session.client.instances(filter, sort: try list.parsedSort)
        try session.console.show(instances, json: output.json) { InstanceText.table($0, at: now).lines(width: $1) }
        if instances.isEmpty, !output.json { session.console.words.print("No instance is meant by this.") }
    }
}
