import ArgumentParser

/// Every verb of the program.
struct Apus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus", abstract: "A team's own operations department.", version: apusVersion,
        subcommands: [ServerRole.self, AgentRole.self, DevRole.self, FilesRole.self])
}

/// Parses the command line and carries it out.
func runCommand() async { await Apus.main() }
