/// Swift source with everything blanked out that is not code: comments and the contents of
/// string literals become spaces. Lines and columns stay as they are, so that a finding can be
/// named by its line. Code inside an interpolation is kept.
struct SourceText {
    let lines: [String]

    init(_ text: String) {
        var blanker = Blanker(text)
        blanker.blank()
        lines = blanker.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    var code: String { lines.joined(separator: "\n") }

    /// Modules that the source imports.
    var imports: [String] {
        lines.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard let index = words.firstIndex(of: "import"), index + 1 < words.count else { return nil }
            let prefix = words[..<index]
            guard
                prefix.allSatisfy({
                    $0.hasPrefix("@") || ["package", "internal", "private", "fileprivate", "public"].contains($0)
                })
            else { return nil }
            // `import struct Module.Type` names the module after the kind.
            let kinds: Set = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(words[index + 1]) && index + 2 < words.count ? words[index + 2] : words[index + 1]
            return name.split(separator: ".").first.map(String.init)
        }
    }

    /// Every function and initializer with a body.
    var functions: [Function] {
        var finder = FunctionFinder(Array(code.utf8))
        return finder.find()
    }
}

struct Function: Equatable {
    var name: String
    /// Counted from 1.
    var firstLine: Int
    var lineCount: Int
}

private struct Blanker {
    private let input: [UInt8]
    private var index = 0
    private(set) var bytes: [UInt8] = []

    init(_ text: String) {
        input = Array(text.utf8)
        bytes.reserveCapacity(input.count)
    }

    var output: String { String(decoding: bytes, as: UTF8.self) }

    mutating func blank() {
        while index < input.count { blankNext() }
    }

    /// Consumes one token of code: a comment, a literal, or a single byte.
    private mutating func blankNext() {
        if starts("//") {
            while index < input.count && input[index] != newline { skip() }
        } else if starts("/*") {
            blankBlockComment()
        } else if let (hashes, quotes) = literalStart() {
            blankLiteral(hashes: hashes, quotes: quotes)
        } else {
            keep()
        }
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                skip(2)
            } else if starts("*/") {
                depth -= 1
                skip(2)
            } else {
                skip()
            }
        } while depth > 0 && index < input.count
    }

    private func literalStart() -> (hashes: Int, quotes: Int)? {
        var position = index
        while position < input.count && input[position] == UInt8(ascii: "#") { position += 1 }
        guard position < input.count, input[position] == quote else { return nil }
        let isTriple = position + 2 < input.count && input[position + 1] == quote && input[position + 2] == quote
        return (position - index, isTriple ? 3 : 1)
    }

    private mutating func blankLiteral(hashes: Int, quotes: Int) {
        skip(hashes + quotes)
        let end = Array(repeating: quote, count: quotes) + Array(repeating: UInt8(ascii: "#"), count: hashes)
        let escape = [UInt8(ascii: "\\")] + Array(repeating: UInt8(ascii: "#"), count: hashes)
        while index < input.count {
            if starts(end) {
                skip(end.count)
                return
            }
            if quotes == 1 && input[index] == newline { return }
            guard starts(escape) else {
                skip()
                continue
            }
            skip(escape.count)
            if index < input.count && input[index] == UInt8(ascii: "(") {
                keepInterpolation()
            } else {
                skip()
            }
        }
    }

    private mutating func keepInterpolation() {
        var depth = 0
        repeat {
            if input[index] == UInt8(ascii: "(") { depth += 1 }
            if input[index] == UInt8(ascii: ")") { depth -= 1 }
            blankNext()
        } while depth > 0 && index < input.count
    }

    private func starts(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { starts(Array($0)) }
    }

    private func starts(_ wanted: [UInt8]) -> Bool {
        index + wanted.count <= input.count && input[index..<index + wanted.count].elementsEqual(wanted)
    }

    private mutating func keep() {
        bytes.append(input[index])
        index += 1
    }

    private mutating func skip(_ count: Int = 1) {
        for _ in 0..<count where index < input.count {
            bytes.append(input[index] == newline ? newline : UInt8(ascii: " "))
            index += 1
        }
    }
}

private let newline = UInt8(ascii: "\n")
private let quote = UInt8(ascii: "\"")

/// Finds functions in blanked code by their keyword, parameter list and braces.
private struct FunctionFinder {
    /// Words that begin another declaration: what was looked at has no body.
    private static let declarations: Set = [
        "func", "init", "deinit", "var", "let", "case", "struct", "enum", "class", "actor", "protocol", "extension",
        "static", "mutating", "package", "private", "associatedtype", "typealias", "subscript",
    ]

    private let code: [UInt8]
    private var index = 0
    private var line = 1

    init(_ code: [UInt8]) { self.code = code }

    mutating func find() -> [Function] {
        var functions: [Function] = []
        while index < code.count {
            let startLine = line
            let before = index > 0 ? code[index - 1] : newline
            guard let word = readWord() else {
                advance()
                continue
            }
            guard word == "func" || (word == "init" && before != UInt8(ascii: ".")) else { continue }
            let resume = (index, line)
            if let function = function(keyword: word, startLine: startLine) { functions.append(function) }
            // Functions may hold functions: go on right after the keyword.
            (index, line) = resume
        }
        return functions
    }

    private mutating func function(keyword: String, startLine: Int) -> Function? {
        var name = keyword
        while index < code.count && code[index] != UInt8(ascii: "(") {
            if keyword == "func", let word = readWord() {
                if name == "func" { name = word }
                continue
            }
            if code[index] == UInt8(ascii: "{") || code[index] == UInt8(ascii: "}") { return nil }
            advance()
        }
        skipBalanced(UInt8(ascii: "("), UInt8(ascii: ")"))
        while index < code.count && code[index] != UInt8(ascii: "{") {
            if code[index] == UInt8(ascii: "}") { return nil }
            if code[index] == UInt8(ascii: "(") {
                skipBalanced(UInt8(ascii: "("), UInt8(ascii: ")"))
                continue
            }
            if let word = readWord() {
                if Self.declarations.contains(word) { return nil }
                continue
            }
            advance()
        }
        guard index < code.count else { return nil }
        skipBalanced(UInt8(ascii: "{"), UInt8(ascii: "}"))
        return Function(name: name, firstLine: startLine, lineCount: line - startLine + 1)
    }

    private mutating func skipBalanced(_ open: UInt8, _ close: UInt8) {
        var depth = 0
        while index < code.count {
            if code[index] == open { depth += 1 }
            if code[index] == close { depth -= 1 }
            advance()
            if depth == 0 { return }
        }
    }

    private mutating func readWord() -> String? {
        let start = index
        while index < code.count, isWordByte(code[index]) { advance() }
        return index > start ? String(decoding: code[start..<index], as: UTF8.self) : nil
    }

    private func isWordByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private mutating func advance() {
        if code[index] == newline { line += 1 }
        index += 1
    }
}
