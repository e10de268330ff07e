import ArgumentParser
import Core
import Wire

struct EventsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "What changes in the fabric, as it changes.",
        discussion: "Follows until it is interrupted. `apus audit` says who did what before.")

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Flag(name: .shortAndLong, help: "Follow, as it always does.")
    var follow = false

    func run(_ session: Session) async throws {
        for try await event in session.client.changes() {
            if output.json {
                session.console.data.write(try JSONText.line(event) + "\n")
            } else {
                session.console.data.print(Self.line(event))
            }
        }
    }

    static func line(_ event: ChangeEvent) -> StyledText {
        let nouns = [
            ("app", event.apps.map(\.text)), ("host", event.hosts.map(\.text)),
            ("execution", event.executions.map(\.text)),
        ]
        let parts = nouns.filter { !$0.1.isEmpty }.map { noun, names in
            "\(noun)\(names.count == 1 ? "" : "s") \(names.joined(separator: ", "))"
        }
        let what = parts.isEmpty ? "the fabric" : parts.joined(separator: "; ")
        return StyledText(Words.time(event.at), .dim) + StyledText("  \(what)")
            + StyledText("  desired \(event.desiredRevision), live \(event.liveRevision)", .dim)
    }
}
