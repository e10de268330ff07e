import ArgumentParser
import Core
import Wire

struct MetricsDeleteCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete series with all their points.",
        discussion: """
            apus metrics delete 'hosts.web-9.**'          everything of a host; ** stands for dots, too
            apus metrics delete 'stats.timers.old.*'      what a pattern of Graphite matches
            apus metrics delete host=web-9,device=sda     series by their tags
            Whoever writes one of them again begins anew. It is for operators, and in the audit log.
            """)

    @Argument(help: "A pattern that begins with a name, or conditions on tags.") var pattern: String
    @Flag(help: "Only say which.") var dryRun = false
    @Flag(name: [.customShort("y"), .customLong("yes")], help: "Ask nothing.") var isConfirmed = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let found = try await session.client.deleteSeries(SeriesDeletionRequest(pattern: pattern, isTrial: true))
        guard found.count > 0, !dryRun else {
            try session.console.show(found, json: output.json) { found, _ in
                found.examples.map { StyledText($0) } + [StyledText("\(found.count) series match", .dim)]
            }
            if found.count == 0 { session.console.suggest("`apus metrics find` shows what there is.") }
            return
        }
        if !isConfirmed {
            for name in found.examples { session.console.words.print(StyledText(name)) }
            let more = found.count - found.examples.count
            if more > 0 { session.console.words.print(StyledText("and \(more) more", .dim)) }
        }
        try session.console.confirm("Delete \(found.count) series and all their points?", isAnswered: isConfirmed)
        let deleted = try await session.client.deleteSeries(
            SeriesDeletionRequest(pattern: pattern, countMax: isConfirmed ? nil : found.count))
        try session.console.show(deleted, json: output.json) { deleted, _ in
            [StyledText("✓ ", .green) + StyledText("\(deleted.count) series are deleted.")]
        }
    }
}
