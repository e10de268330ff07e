/// A command as people write it, split into words. It never reaches a shell: the words become
/// the arguments of the process, and `$NAME` is replaced by a variable of its environment.
package struct CommandTemplate: Codable, Hashable, Sendable {
    package enum Part: Codable, Hashable, Sendable {
        case text(String)
        case variable(String)
    }

    package let words: [[Part]]

    /// - Throws: `command.invalid` for an empty command, an open quote, a control character, or
    ///   anything that only a shell would understand (`|`, `;`, `&`, `<`, `>`, a backtick, `$(`).
    package init(_ text: String) throws(Problem) {
        var scanner = CommandScanner(text)
        words = try scanner.scan()
    }

    /// The arguments, with variables replaced.
    /// - Throws: `command.variable-unknown` for a variable that `environment` does not have.
    package func arguments(environment: [String: String]) throws(Problem) -> [String] {
        var arguments: [String] = []
        for word in words {
            var argument = ""
            for part in word {
                switch part {
                case .text(let text): argument += text
                case .variable(let name):
                    guard let value = environment[name] else {
                        throw Problem(
                            "command.variable-unknown", "The command cannot be put together.",
                            cause: "The variable $\(name) is not set.",
                            remedy: "Set it under `environment`, or write the value.")
                    }
                    argument += value
                }
            }
            arguments.append(argument)
        }
        return arguments
    }

    package var variables: Set<String> {
        Set(words.joined().compactMap { if case .variable(let name) = $0 { name } else { nil } })
    }

    /// The command as one line, for people.
    package var text: String {
        words.map { word in
            let text = word.map { part in
                switch part {
                case .text(let text): text
                case .variable(let name): "$\(name)"
                }
            }.joined()
            return text.isEmpty || text.contains(" ") ? "'\(text)'" : text
        }.joined(separator: " ")
    }

    package init(from decoder: any Decoder) throws {
        words = try decoder.singleValueContainer().decode([[Part]].self)
    }
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(words)
    }
}

/// Splits a command by the rules of a POSIX shell's quoting, and refuses the rest of a shell.
private struct CommandScanner {
    private enum Quote { case none, single, double }

    private let characters: [Unicode.Scalar]
    private var index = 0
    private var words: [[CommandTemplate.Part]] = []
    private var word: [CommandTemplate.Part]?
    private var quote = Quote.none

    init(_ text: String) { characters = Array(text.unicodeScalars) }

    mutating func scan() throws(Problem) -> [[CommandTemplate.Part]] {
        while index < characters.count {
            let character = characters[index]
            index += 1
            guard character.value >= 0x20 && character.value != 0x7F || character == "\t" else {
                throw invalid("It has a control character (U+\(String(character.value, radix: 16))).")
            }
            switch (quote, character) {
            case (.none, " "), (.none, "\t"): endWord()
            case (.none, "'"): open(.single)
            case (.none, "\""): open(.double)
            case (.single, "'"), (.double, "\""): quote = .none
            case (.none, "\\"), (.double, "\\"):
                guard index < characters.count else { throw invalid("It ends with a backslash.") }
                append(characters[index])
                index += 1
            case (.none, "$"), (.double, "$"): try scanVariable()
            case (.none, "|"), (.none, ";"), (.none, "&"), (.none, "<"), (.none, ">"), (.none, "`"), (.double, "`"):
                throw invalid("It has \(quotedForMessage(String(character))), which only a shell understands.")
            default: append(character)
            }
        }
        guard quote == .none else { throw invalid("A quote is not closed.") }
        endWord()
        guard !words.isEmpty else { throw invalid("It is empty.") }
        return words
    }

    private mutating func scanVariable() throws(Problem) {
        let hasBrace = index < characters.count && characters[index] == "{"
        if hasBrace { index += 1 }
        var name = ""
        while index < characters.count, isVariableCharacter(characters[index], first: name.isEmpty) {
            name.unicodeScalars.append(characters[index])
            index += 1
        }
        if hasBrace {
            guard index < characters.count, characters[index] == "}" else {
                throw invalid("`${` is not closed by `}`.")
            }
            index += 1
        }
        guard !name.isEmpty else { throw invalid("`$` is not followed by the name of a variable.") }
        word = (word ?? []) + [.variable(name)]
    }

    private func isVariableCharacter(_ character: Unicode.Scalar, first: Bool) -> Bool {
        ("A"..."Z").contains(character) || ("a"..."z").contains(character) || character == "_"
            || (!first && ("0"..."9").contains(character))
    }

    private mutating func open(_ kind: Quote) {
        quote = kind
        word = word ?? []
    }

    private mutating func append(_ character: Unicode.Scalar) {
        var parts = word ?? []
        if case .text(let text)? = parts.last {
            parts[parts.count - 1] = .text(text + String(character))
        } else {
            parts.append(.text(String(character)))
        }
        word = parts
    }

    private mutating func endWord() {
        if let word { words.append(word.isEmpty ? [.text("")] : word) }
        word = nil
    }

    private func invalid(_ cause: String) -> Problem {
        Problem(
            "command.invalid", "This command cannot be run.", cause: cause,
            remedy: "Write one program and its arguments; put anything else into a script of the source.")
    }
}
