import ArgumentParser
import Core
import Synchronization

@testable import Commands

/// The root command as `apus` has it, without the roles.
struct TestRoot: AsyncParsableCommand {
    static let configuration = Commands.configuration(roles: [])
}

/// A command line that was run, and what came of it.
struct CommandLineRun {
    var data: String
    var words: String
    var code: Int32

    /// - Parameter answers: lines of standard input; with none there is nobody to ask.
    init(
        _ arguments: [String], environment: [String: String] = [:], answers: [String]? = nil, isTerminal: Bool = false
    ) async {
        let (data, words) = (Transcript(), Transcript())
        let lines = Transcript(lines: answers ?? [])
        let console = Console(
            data: Terminal(isTerminal: isTerminal, width: isTerminal ? 100 : nil, usesColour: false) {
                data.append($0)
            },
            words: Terminal(isTerminal: isTerminal, width: isTerminal ? 100 : nil, usesColour: false) {
                words.append($0)
            },
            environment: environment, canAsk: answers != nil, now: { Fixtures.now }, readLine: { _ in lines.take() })
        code = await CommandLineProgram(root: TestRoot.self, console: console).run(arguments)
        self.data = data.text
        self.words = words.text
    }
}

private final class Transcript: Sendable {
    private let lines: Mutex<[String]>

    init(lines: [String] = []) { self.lines = Mutex(lines) }
    var text: String { lines.withLock { $0.joined() } }
    func append(_ text: String) { lines.withLock { $0.append(text) } }
    func take() -> String? { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
