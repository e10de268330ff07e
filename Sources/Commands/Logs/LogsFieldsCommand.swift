import ArgumentParser
import Core
import Wire

struct LogsFieldsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "fields", abstract: "What lines have, and their most frequent values.")

    private static let valuesMax = 5

    @Argument(help: "A query; default: every line.") var query: [String] = []
    @Option(parsing: .unconditional, help: "From when.") var since = "-1h"
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let request = try LogRequest(query)
        let fields = try await session.client.logFields(.init(query: request.text, from: LogsShowCommand.time(since)))
        try session.console.show(fields, json: output.json) { fields, width in
            var table = Table([.init("FIELD"), .init("LINES", isRight: true), .init("VALUES", isElastic: true)])
            for field in fields {
                let values = field.values.prefix(Self.valuesMax).map { "\($0.value) (\($0.count))" }
                table.add([
                    StyledText(field.name, field.isLabel ? .blue : nil), StyledText("\(field.count)"),
                    StyledText(values.joined(separator: ", ")),
                ])
            }
            return table.lines(width: width)
        }
        if fields.isEmpty { session.console.suggest("There is no such line. A longer time: --since -1d.") }
    }
}
