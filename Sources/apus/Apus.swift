import ArgumentParser
import Commands

/// Every verb of the program: the CLI's, and the roles that run something for long.
struct Apus: AsyncParsableCommand {
    static let configuration = Commands.configuration(
        roles: [ServerRole.self, AgentRole.self, DevRole.self, FilesRole.self])
}
