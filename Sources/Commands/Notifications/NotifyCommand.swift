import ArgumentParser

struct NotifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify", abstract: "Hooks that are told what happens.",
        subcommands: [NotifyListCommand.self, NotifyTestCommand.self], defaultSubcommand: NotifyListCommand.self)
}
