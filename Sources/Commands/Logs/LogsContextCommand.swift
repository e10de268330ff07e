import ArgumentParser
import Core
import Wire

struct LogsContextCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "context", abstract: "The lines around one.",
        discussion: "A line's position is in `--json`, and in the address of its page.")

    @Argument(help: "The line's position.") var position: String
    @Option(name: .shortAndLong, help: "How many lines before and after.") var lines = 10
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (0...1000).contains(lines) else { throw ValidationError("--lines is a number from 0 to 1000.") }
    }

    func run(_ session: Session) async throws {
        let answer = try await session.client.logContext(position, lines: lines)
        let printer = LinePrinter(terminal: session.console.data, json: output.json)
        for line in answer.lines ?? [] { try await printer.print(line) }
    }
}
