import ArgumentParser
import Core
import Logs
import SystemPackage
import Wire

struct LogsRawCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raw", abstract: "Lines as hosts sent them, in the archive.",
        discussion: """
            apus logs raw --host web-1 --since -7d    what is there
            apus logs raw get 5ac0f3d1 > web-1.log    the lines of one
            Which streams are kept so, `raw` of `logs:` in git says.
            """,
        subcommands: [LogsRawListCommand.self, LogsRawGetCommand.self], defaultSubcommand: LogsRawListCommand.self)
}

struct LogsRawListCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "What is there.")

    @Option(help: "Of this host.") var host: String?
    @Option(help: "Of this app.") var app: String?
    @Option(parsing: .unconditional, help: "From when.") var since = "-30d"
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let found = try await session.client.rawLogs(host: host, app: app, from: LogsShowCommand.time(since))
        try session.console.show(found, json: output.json) { found, width in
            var table = Table([
                .init("FROM"), .init("UNTIL"), .init("HOST"), .init("WHAT", isElastic: true),
                .init("LINES", isRight: true), .init("KEY"),
            ])
            for object in found {
                table.add(
                    [
                        "\(object.from.prefix(19))Z", "\(object.until.prefix(19))Z", object.host, object.name,
                        "\(object.lines)", "\(object.key.prefix(12))",
                    ].map { StyledText($0) })
            }
            return table.lines(width: width)
        }
        if found.isEmpty { session.console.suggest("There is none. `raw` of `logs:` in git says what is kept.") }
    }
}

struct LogsRawGetCommand: FabricCommand {
    static let configuration = CommandConfiguration(commandName: "get", abstract: "The lines of one.")

    @Argument(help: "Its key, or 8 digits of it.") var key: String
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let bytes = try await session.client.rawLog(key)
        if session.console.data.isTerminal {
            // What a program has written is not to steer it.
            session.console.data.write(LogText.shown(Array(bytes), keepsLines: true))
        } else if let text = String(validating: bytes, as: UTF8.self) {
            session.console.data.write(text)
        } else {
            // Not all that programs write is text.
            try FileDescriptor.standardOutput.writeAll(bytes)
        }
    }
}
