import ArgumentParser
import Core
import Wire

struct LogsErrorsCommand: FabricCommand {
    static let configuration = CommandConfiguration(
        commandName: "errors", abstract: "What apps have logged as errors, by kinds.",
        discussion: "Lines that differ only in numbers and in what they quote are of one kind.")

    private static let samplesShown = 3

    @Argument(help: "Of this app alone.") var app: String?
    @Flag(help: "The first lines of each kind too.") var lines = false
    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    func run(_ session: Session) async throws {
        let errors = try await session.client.logErrors(app: app)
        try session.console.show(errors, json: output.json) { errors, width in
            lines ? Self.long(errors) : table(errors).lines(width: width)
        }
        if let first = errors.first {
            session.console.suggest(
                "The lines of the first: apus logs \(Self.quoted(first.query)) --since \(first.first)")
        } else {
            session.console.suggest("No app has logged an error in the last days.")
        }
    }

    private func table(_ errors: [LogErrorView]) -> Table {
        var table = Table([
            .init("APP"), .init("LINES", isRight: true), .init("LAST"), .init("RELEASE"),
            .init("ERROR", isElastic: true),
        ])
        for error in errors {
            table.add([
                StyledText(error.app, .blue), StyledText("\(error.count)"), StyledText(String(error.last.prefix(19))),
                StyledText(error.lastRelease ?? ""), StyledText(error.text, .red),
            ])
        }
        return table
    }

    private static func long(_ errors: [LogErrorView]) -> [StyledText] {
        var shown: [StyledText] = []
        for error in errors {
            shown.append(StyledText("\(error.app): \(error.text)", .red))
            shown.append(
                StyledText(
                    "  \(error.count) line\(error.count == 1 ? "" : "s"), \(error.first.prefix(19)) to \(error.last.prefix(19))\(error.firstRelease.map { ", first in \($0)" } ?? "")"
                ))
            for sample in error.samples.prefix(samplesShown) {
                for line in sample.text.split(separator: "\n") { shown.append(StyledText("    \(line)")) }
            }
        }
        return shown
    }

    /// For a shell.
    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: #"'\''"#))'" }
}
