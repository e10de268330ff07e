import ArgumentParser
import ConfigRepository
import Core

struct ValidateCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Whether a configuration repository can be used; all that is wrong, at once.",
        discussion: "Needs no server. Ends with 1 if there is an error: made for the CI of the repository.")

    @OptionGroup var repository: RepositoryOptions
    @Option(help: "A fabric that must be there.") var fabric: String?
    @OptionGroup var output: OutputOptions

    func run(_ console: Console) async throws {
        let reading = try await repository.read()
        if output.json {
            try console.show(reading.diagnostics, json: true) { _, _ in [] }
        } else {
            console.data.print(reading.diagnostics.flatMap(DiagnosticText.lines))
        }
        guard reading.isValid else {
            if !output.json {
                let warnings = reading.warnings.isEmpty ? "" : " and \(Words.count(reading.warnings.count, "warning"))"
                console.words.print(StyledText("✗ \(Words.count(reading.errors.count, "error"))\(warnings).", .red))
            }
            throw ExitCode(1)
        }
        if let fabric { _ = try reading.configuration(named: fabric) }
        guard !output.json else { return }
        let names = reading.fabrics.map(\.text).joined(separator: ", ")
        let warnings = reading.warnings.isEmpty ? "" : " \(Words.count(reading.warnings.count, "warning"))."
        console.words.print(
            StyledText("✓ ", .green)
                + StyledText("Good. \(reading.fabrics.isEmpty ? "No fabric." : "Fabrics: \(names).")\(warnings)"))
        console.suggest("See what it means with `apus show`.")
    }
}

enum DiagnosticText {
    static func lines(_ diagnostic: Diagnostic) -> [StyledText] {
        let lines = diagnostic.description.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let style: Style = diagnostic.severity == .error ? .red : .yellow
        return lines.enumerated().map { index, line in
            if index == 0 { return StyledText(line, .bold) }
            return StyledText(line, line.contains(" | ") && line.hasSuffix("^") || line.contains("^~") ? style : nil)
        }
    }
}
