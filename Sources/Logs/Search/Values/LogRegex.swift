import Synchronization
package import Telemetry

/// A regular expression of a query. It takes one pass over a text, whatever the expression.
package struct LogRegex: LogPattern {
    /// How large an expression may become: a text costs this much a byte at most.
    private static let instructionsMax = 1000

    package let text: String
    package let ignoresCase: Bool
    package let literals: [[UInt8]]
    private let automata: Automata

    /// - Throws: `logs.query-invalid`.
    package init(_ text: String, ignoresCase: Bool = false) throws(TelemetryProblem) {
        self.text = text
        self.ignoresCase = ignoresCase
        let pattern: BoundedPattern
        do throws(TelemetryProblem) {
            pattern = try BoundedPattern(ignoresCase ? Self.ignoringCase(text) : text)
        } catch {
            throw Self.refusal(text, error.cause)
        }
        guard pattern.instructionCount <= Self.instructionsMax else {
            throw Self.refusal(text, "It repeats too much: counted repetitions multiply.")
        }
        guard let automaton = PatternAutomaton(pattern) else { throw Self.refusal(text, "It looks ahead.") }
        literals = pattern.literals
        automata = Automata(automaton)
    }

    /// Flags that stand at the beginning already stay there.
    private static func ignoringCase(_ text: String) -> String {
        let flags = ["(?a", "(?i", "(?m", "(?s", "(?u"]
        return flags.contains { text.hasPrefix($0) } ? "(?i" + text.dropFirst(2) : "(?i)" + text
    }

    private static func refusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "logs.query-invalid", "The query was not understood.",
            cause: "The regular expression `\(LogText.shown(String(text.prefix(120))))` was not taken. \(cause)",
            remedy: "docs/logs-query.md says what expressions may have; a plain text is searched in quotes.")
    }

    package func isMatch(_ text: UnsafeRawBufferPointer) -> Bool { automata.isMatch(text) }

    /// An expression that matches nothing but a text.
    package static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text {
            if #"\.[](){}*+?^$|/"#.contains(character) { result.append("\\") }
            result.append(character)
        }
        return result
    }

    /// What searches have learnt of the expression, one for each that goes on at once.
    private final class Automata: Sendable {
        private static let keptMax = 8

        private let first: PatternAutomaton
        private let free: Mutex<[PatternAutomaton]>

        init(_ automaton: PatternAutomaton) {
            first = automaton
            free = Mutex([automaton])
        }

        func isMatch(_ text: UnsafeRawBufferPointer) -> Bool {
            var automaton = free.withLock { $0.popLast() } ?? first
            defer { free.withLock { if $0.count < Self.keptMax { $0.append(automaton) } } }
            return automaton.matches(text)
        }
    }
}
