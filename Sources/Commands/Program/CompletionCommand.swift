import ArgumentParser

/// The script is made of the root command, which only `CommandLineProgram` knows.
struct CompletionCommand: ParsableCommand {
    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash
        case zsh
        case fish

        var value: CompletionShell {
            switch self {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "A script that completes commands in a shell.",
        discussion: """
            bash: apus completion bash > ~/.local/share/bash-completion/completions/apus
            zsh:  apus completion zsh > "${fpath[1]}/_apus"
            fish: apus completion fish > ~/.config/fish/completions/apus.fish
            """)

    @Argument(help: "bash, zsh or fish.") var shell: Shell

    func run() {}
}
