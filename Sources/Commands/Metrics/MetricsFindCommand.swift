import ArgumentParser
import Core
import Wire

struct MetricsFindCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "find", abstract: "Which series there are.",
        discussion: """
            apus metrics find               the first level
            apus metrics find 'hosts.*'     what hosts have
            apus metrics find host=web-1    series by their tags; several conditions with commas
            """)

    @Argument(help: "A pattern of a path, or conditions on tags.") var pattern = "*"
    @Option(help: "How many at most.") var limit = 1000
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...100_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 100000.") }
    }

    func run(_ session: Session) async throws {
        let nodes = try await session.client.findSeries(pattern, limit: limit)
        try session.console.show(nodes, json: output.json) { nodes, _ in
            nodes.map { node in
                StyledText(node.path, node.isLeaf ? nil : .blue) + StyledText(node.isBranch ? ".*" : "", .dim)
            }
        }
        if nodes.isEmpty {
            session.console.suggest("Nothing has this name. `apus metrics find` shows the first level.")
        }
        if nodes.count == limit { session.console.suggest("There may be more: --limit shows them.") }
    }
}
