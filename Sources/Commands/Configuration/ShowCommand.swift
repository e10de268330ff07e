import ArgumentParser
import ConfigRepository
import Core

struct ShowCommand: ConsoleCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "What a configuration repository means for a fabric, with every default.",
        discussion:
            "Needs no server. The lines are made to be compared: `diff <(apus show --commit main) <(apus show)`.")

    @OptionGroup var repository: RepositoryOptions
    @Option(help: "The fabric; not needed if there is only one.") var fabric: String?
    @OptionGroup var output: OutputOptions

    func run(_ console: Console) async throws {
        let configuration = try await repository.read().configuration(named: fabric)
        try console.show(configuration, json: output.json) { configuration, _ in
            ConfigurationDiff.facts(of: configuration).map(Self.line)
        }
    }

    /// A noun stands out from its keys.
    private static func line(_ fact: String) -> StyledText {
        guard let colon = fact.firstIndex(of: ":") else { return StyledText(fact, .bold) }
        return StyledText(String(fact[...colon]), .cyan) + StyledText(String(fact[fact.index(after: colon)...]))
    }
}
