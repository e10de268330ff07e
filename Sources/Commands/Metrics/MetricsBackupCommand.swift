import ArgumentParser
import Core
import Wire

struct MetricsBackupCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy all series, as they are at one moment, into a folder on the server.",
        discussion: """
            apus metrics backup before-upgrade
            Points are taken meanwhile. The copy is in `series-backups/NAME` of the server's state, and is a store by \
            itself: to restore it, end the server, put the copy in the place of `series`, and start the server.
            """)

    @Argument(help: "The backup's name, which no other has.") var name: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let made = try await session.client.backUpSeries(try BackupName(name))
        try session.console.show(made, json: output.json) { made, _ in
            [
                StyledText("✓ ", .green)
                    + StyledText(
                        "\(Words.count(made.series, "series", plural: "series")) are in \(made.folder) on the server.")
            ]
        }
    }
}
