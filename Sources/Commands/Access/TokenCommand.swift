import ArgumentParser

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens of people and programs, and those that let hosts join.",
        subcommands: [TokenListCommand.self, TokenCreateCommand.self, TokenRevokeCommand.self, TokenJoinCommand.self])
}
