package import ArgumentParser
import Core
import Glibc

/// Runs a command line: parses it, runs its command, and turns every end into an exit code: 0 for
/// done, 1 for an error, 2 for differences.
package struct CommandLineProgram<Root: AsyncParsableCommand>: Sendable {
    private let console: Console

    package init(root: Root.Type, console: Console) { self.console = console }

    /// - Parameter arguments: without the program's name.
    package func run(_ arguments: [String]) async -> Int32 {
        do {
            var command = try await Root.asyncParseAsRoot(arguments)
            if let completion = command as? CompletionCommand {
                console.data.write(Root.completionScript(for: completion.shell.value) + "\n")
            } else if let command = command as? any ConsoleCommand {
                try await command.run(console)
            } else if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch let problem as Problem {
            console.words.print(ProblemText.lines(problem))
            return 1
        } catch {
            return end(error)
        }
    }

    /// What the parser throws: help, a version, a usage error, or a command's own exit code.
    private func end(_ error: any Error) -> Int32 {
        let code = Root.exitCode(for: error)
        let message = Root.fullMessage(for: error)
        if !message.isEmpty { (code == .success ? console.data : console.words).write(message + "\n") }
        if error is ExitCode { return code.rawValue }
        return code == .success ? 0 : 1
    }
}

extension CommandLineProgram {
    /// Runs the arguments of this process, and ends it.
    ///
    /// The main thread only waits. A program whose `main` is asynchronous would start the
    /// concurrency runtime before its first line, and a shim must not have that in it.
    package static func main(_ root: Root.Type) -> Never {
        let arguments = Array(CommandLine.arguments.dropFirst())
        Task.detached { exit(await CommandLineProgram(root: root, console: .standard()).run(arguments)) }
        while true { pause() }
    }
}
