import ArgumentParser
import Core
import Wire

struct HostsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "hosts", abstract: "Every host, or one with everything on it.")

    @Argument(help: "One host.", completion: Completions.hosts) var host: String?
    @OptionGroup(title: "List") var list: ListOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let now = session.console.now()
        if let host {
            let view = try await session.client.host(try HostName(host))
            try session.console.show(view, json: output.json) { HostText.detail($0, at: now, width: $1) }
        } else {
            if let key = try list.groupKey {
                let groups = try await session.client.hostGroups(try list.parsedFilter, by: key)
                return try session.console.show(groups, json: output.json) {
                    GroupText.table(groups, by: key, of: "HOSTS").lines(width: $1)
                }
            }
            let hosts = try await session.client.hosts(try list.parsedFilter, sort: try list.parsedSort)
            try session.console.show(hosts, json: output.json) { HostText.table($0, at: now).lines(width: $1) }
        }
    }
}
