import ArgumentParser

/// Thousands of agents in one process, for measuring a server: real sockets, real certificates,
/// the real protocol, and nothing behind it. `bin/bench agents` runs it.
@main
struct Crowd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crowd", abstract: "Many agents in one process, to measure a server with.",
        subcommands: [SeedCommand.self, RunCommand.self])
}
