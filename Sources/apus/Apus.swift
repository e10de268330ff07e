import ArgumentParser
import Commands
import Glibc

/// Every verb of the program.
struct Apus: AsyncParsableCommand {
    static let configuration = Commands.configuration(
        version: apusVersion, roles: [ServerRole.self, AgentRole.self, DevRole.self, FilesRole.self])
}

/// Parses the command line, carries it out and ends the program.
func runCommand() async -> Never {
    let program = CommandLineProgram(root: Apus.self, console: .standard())
    exit(await program.run(Array(CommandLine.arguments.dropFirst())))
}
