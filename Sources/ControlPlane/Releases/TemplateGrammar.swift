import Core

/// What a tag may say.
///
/// The template engine ends the process on some malformed expressions (an empty filter, `.last`
/// of an empty list) and takes all memory for others (`1...9999999999`). So a tag reaches it only
/// after it was read by this grammar, and in the form that the grammar writes.
enum TemplateTag: Equatable {
    /// `if`, `elif`: the condition.
    case condition(opens: Bool, String)
    /// What the loop goes over (nil: numbers), how many numbers, and the tag.
    case loop(over: String?, count: Int, String)
    case endIf, otherwise, endLoop, empty
    case leave(String)
}

struct TemplateGrammar {
    static let filters = ["default", "capitalize", "uppercase", "lowercase", "join", "split", "json"]
    private static let rangeMax = 1000
    private static let boundMax = 1_000_000
    private static let operators: Set<String> = ["and", "or", "not", "in", "==", "!=", "<", ">", "<=", ">=", "(", ")"]

    private let tokens: [String]
    private let line: Int
    private var index = 0

    /// - Returns: the expression of a `{{ … }}`, written for the engine.
    static func expression(_ text: String, line: Int) throws(TemplateFault) -> String {
        var grammar = try TemplateGrammar(text, line: line)
        let expression = try grammar.expression()
        try grammar.end()
        return expression
    }

    static func tag(_ text: String, line: Int) throws(TemplateFault) -> TemplateTag {
        var grammar = try TemplateGrammar(text, line: line)
        let tag = try grammar.tag()
        try grammar.end()
        return tag
    }

    private init(_ text: String, line: Int) throws(TemplateFault) {
        self.line = line
        tokens = try Self.tokens(of: text, line: line)
    }

    private mutating func tag() throws(TemplateFault) -> TemplateTag {
        let word = try next("a tag")
        switch word {
        case "if": return .condition(opens: true, "if " + (try condition()))
        case "elif": return .condition(opens: false, "elif " + (try condition()))
        case "else": return .otherwise
        case "endif": return .endIf
        case "for": return try loop()
        case "empty": return .empty
        case "endfor": return .endLoop
        case "break", "continue": return .leave(word)
        case "include", "extends", "block", "filter", "now":
            throw fault("The tag `\(word)` is not available.", "A template stands for itself: use if, for and values.")
        default:
            throw fault(
                "\(quotedForMessage(word)) is not a tag.",
                "Use if, elif, else, endif, for, empty, endfor, break or continue.")
        }
    }

    private mutating func loop() throws(TemplateFault) -> TemplateTag {
        var variables = [try name()]
        if take(",") { variables.append(try name()) }
        guard take("in") else { throw fault("`for` is not followed by a name and `in`.", "Write: for host in hosts.") }
        let start = "for \(variables.joined(separator: ",")) in "
        if let first = peek.flatMap({ Int($0) }), index + 1 < tokens.count, tokens[index + 1] == "..." {
            index += 2
            // The engine keeps the bounds in 32-bit floats.
            guard let last = Int(try next("a number")), max(first, last) <= Self.boundMax,
                abs(last - first) < Self.rangeMax
            else {
                throw fault(
                    "A loop over numbers is longer than \(Self.rangeMax), or goes above \(Self.boundMax).",
                    "Write: for i in 1...10.")
            }
            return .loop(over: nil, count: abs(last - first) + 1, start + "\(first)...\(last)")
        }
        let list = try expression()
        guard take("where") else { return .loop(over: list, count: 0, start + list) }
        return .loop(over: list, count: 0, start + list + " where " + (try condition()))
    }

    private mutating func condition() throws(TemplateFault) -> String {
        var words: [String] = []
        while let token = peek {
            if Self.operators.contains(token) {
                words.append(token)
                index += 1
            } else {
                words.append(try expression())
            }
        }
        guard !words.isEmpty else { throw fault("A condition is empty.", "Write: if environment.DEBUG == \"1\".") }
        return words.joined(separator: " ")
    }

    private mutating func expression() throws(TemplateFault) -> String {
        var text = try operand()
        while take("|") {
            let filter = try next("a filter")
            guard Self.filters.contains(filter) else {
                throw fault(
                    "\(quotedForMessage(filter)) is not a filter.",
                    "Use one of: \(Self.filters.joined(separator: ", ")).")
            }
            text += "|" + filter
            if take(":") {
                text += ":" + (try operand())
                while take(",") { text += "," + (try operand()) }
            }
        }
        return text
    }

    private mutating func operand() throws(TemplateFault) -> String {
        let token = try next("a value")
        if token.first == "\"" || token.first == "'" || Int(token) != nil || token == "true" || token == "false" {
            return token
        }
        index -= 1
        var path = try name()
        var previous = path
        while take(".") {
            let part = try next("a name")
            guard Self.isName(part) || Int(part) != nil else {
                throw fault("A dot is followed by \(quotedForMessage(part)).", "Write: environment.NAME.")
            }
            guard part != "last" || previous == "forloop" else {
                throw fault("`.last` is not available.", "Use `.first`, a number, or a loop.")
            }
            path += "." + part
            previous = part
        }
        return path
    }

    private mutating func name() throws(TemplateFault) -> String {
        let token = try next("a name")
        guard Self.isName(token), !Self.operators.contains(token) else {
            throw fault(
                "\(quotedForMessage(token)) is not a name.", "Names are letters, digits, dashes and underscores.")
        }
        return token
    }

    private var peek: String? { index < tokens.count ? tokens[index] : nil }

    private mutating func next(_ wanted: String) throws(TemplateFault) -> String {
        guard let token = peek else { throw fault("A tag ends where \(wanted) should be.", "Complete the tag.") }
        index += 1
        return token
    }

    private mutating func take(_ token: String) -> Bool {
        guard peek == token else { return false }
        index += 1
        return true
    }

    private func end() throws(TemplateFault) {
        if let token = peek { throw fault("\(quotedForMessage(token)) was not expected.", "Take it out, or quote it.") }
    }

    private func fault(_ cause: String, _ remedy: String) -> TemplateFault {
        TemplateFault(line: line, cause: cause, remedy: remedy)
    }

    private static func isName(_ token: String) -> Bool {
        guard let first = token.utf8.first, isNameByte(first) else { return false }
        return !(0x30...0x39).contains(first) && first != UInt8(ascii: "-")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func tokens(of text: String, line: Int) throws(TemplateFault) -> [String] {
        let bytes = Array(text.utf8)
        var tokens: [String] = []
        var index = 0
        func take(_ count: Int) {
            tokens.append(String(decoding: bytes[index..<index + count], as: UTF8.self))
            index += count
        }
        while index < bytes.count {
            let rest = bytes[index...]
            let byte = bytes[index]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                index += 1
            } else if isNameByte(byte) {
                take(rest.prefix(while: isNameByte).count)
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard let end = rest.dropFirst().firstIndex(of: byte) else {
                    throw TemplateFault(
                        line: line, cause: "A quote is not closed.", remedy: "Close it in the same tag.")
                }
                let literal = bytes[(index + 1)..<end]
                guard !literal.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") || $0 < 0x20 })
                else {
                    throw TemplateFault(
                        line: line, cause: "A quoted text holds a quote or a control character.",
                        remedy: "Write it outside of the tag.")
                }
                take(end - index + 1)
            } else if rest.starts(with: "...".utf8) {
                take(3)
            } else if ["==", "!=", "<=", ">="].contains(where: { rest.starts(with: $0.utf8) }) {
                take(2)
            } else if "|:,.()<>".utf8.contains(byte) {
                take(1)
            } else {
                throw TemplateFault(
                    line: line, cause: "A tag holds \(quotedForMessage(String(decoding: [byte], as: UTF8.self))).",
                    remedy: "Values are names with dots, numbers and quoted texts.")
            }
        }
        return tokens
    }
}
