package import Core
import FoundationEssentials
import Glibc

/// What a command sees of the world around it.
package struct Console: Sendable {
    package enum Echo: Sendable {
        case shown
        case hidden
    }

    /// Standard output: what was asked for.
    let data: Terminal
    /// Standard error: everything that is said about it.
    let words: Terminal
    let environment: [String: String]
    /// Whether somebody can answer a question.
    let canAsk: Bool
    let now: @Sendable () -> Instant
    /// The next line of standard input without its end; nil when there is none.
    let readLine: @Sendable (Echo) -> String?

    package init(
        data: Terminal, words: Terminal, environment: [String: String], canAsk: Bool,
        now: @escaping @Sendable () -> Instant, readLine: @escaping @Sendable (Echo) -> String?
    ) {
        self.data = data
        self.words = words
        self.environment = environment
        self.canAsk = canAsk
        self.now = now
        self.readLine = readLine
    }

    /// This process's own.
    package static func standard() -> Console {
        let environment = ProcessInfo.processInfo.environment
        let words = Terminal(descriptor: STDERR_FILENO, environment: environment)
        return Console(
            data: Terminal(descriptor: STDOUT_FILENO, environment: environment), words: words, environment: environment,
            canAsk: isatty(STDIN_FILENO) == 1 && words.isTerminal, now: { Clock.now() }, readLine: StandardInput.line)
    }

    /// Shows what was read: as JSON, or as lines that fit the terminal.
    func show<Value: Encodable>(
        _ value: Value, json: Bool, _ lines: (_ value: Value, _ width: Int?) -> [StyledText]
    ) throws(Problem) {
        if json {
            data.write(try JSONText.document(value, isForPeople: data.isTerminal) + "\n")
        } else {
            data.print(lines(value, data.width))
        }
    }

    /// Says what could be done next.
    func suggest(_ sentence: String) { words.print(StyledText("→ \(sentence)", .dim)) }

    /// - Throws: `prompt.declined`; `prompt.no-terminal` when nobody can answer.
    func confirm(_ question: String, isAnswered: Bool) throws(Problem) {
        if isAnswered { return }
        guard canAsk else {
            throw Problem(
                "prompt.no-terminal", "Nothing was done.",
                cause: "This asks for a yes, and there is no terminal to ask at.",
                remedy: "Give --yes, or look first with --dry-run.")
        }
        words.write("\(question) [y/N] ")
        let answer = readLine(.shown)?.lowercased()
        guard answer == "y" || answer == "yes" else {
            throw Problem(
                "prompt.declined", "Nothing was done.", cause: "The answer was not yes.",
                remedy: "Answer y, or give --yes.")
        }
    }
}

private enum Clock {
    static func now() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

private enum StandardInput {
    @Sendable static func line(_ echo: Console.Echo) -> String? {
        var before = termios()
        let hides = echo == .hidden && tcgetattr(STDIN_FILENO, &before) == 0
        if hides {
            var silent = before
            silent.c_lflag &= ~tcflag_t(ECHO)
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        defer { if hides { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) } }
        return Swift.readLine(strippingNewline: true)
    }
}
