/// A regular expression of Python's kind whose cost is bounded: no pattern takes more than its length times
/// the text's length, because no place of the pattern is tried twice at one place of the text.
///
/// It knows literals, `.`, classes, `^ $ \A \Z \b \B`, groups (with names and without number), alternatives,
/// greedy and lazy repetition, looking ahead, and the flags `i`, `m` and `s`. It refuses back-references,
/// looking behind, conditions and possessive repetition, which have no such bound or are hardly used.
package struct BoundedPattern: Sendable {
    /// The longest pattern, in characters.
    package static let lengthMax = 4096
    /// The most instructions that it may become: counted repetition multiplies.
    static let instructionsMax = 5000

    package let text: String
    let instructions: [PatternInstruction]
    let sets: [PatternSet]
    /// The numbers of named groups.
    let names: [String: Int]
    let groupCount: Int
    let ignoresCase: Bool
    /// Texts of which each is in whatever matches, in UTF-8; may be none.
    package let literals: [[UInt8]]

    /// How much it is: the time that a text takes grows with it where nothing is known of the text yet.
    package var instructionCount: Int { instructions.count }

    package init(_ text: String) throws(TelemetryProblem) {
        self.text = text
        var parser = PatternParser(text)
        let node = try parser.parse()
        var compiler = PatternCompiler(pattern: text)
        try compiler.compile(.group(node, 0))
        try compiler.emit(.match)
        instructions = compiler.instructions
        sets = compiler.sets
        names = parser.names
        groupCount = parser.groupCount
        ignoresCase = parser.ignoresCase
        literals = node.literals(ignoringCase: parser.ignoresCase)
    }

    static func refusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.pattern-invalid", "The pattern `\(text.prefix(120))` was not taken.", cause: cause,
            remedy: "Write it as Python's `re` has it; docs/graphite.md says what is left out.")
    }
}

indirect enum PatternNode {
    case empty
    case scalar(UInt32)
    case set(PatternSet)
    case assertion(PatternAssertion)
    case group(PatternNode, Int?)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    case repetition(PatternNode, min: Int, max: Int?, isGreedy: Bool)
    case lookAhead(PatternNode, isNegative: Bool)
}

enum PatternAssertion: Hashable, Sendable {
    case textStart, textEnd, lineStart, lineEnd, end, wordBoundary, noWordBoundary
}

enum PatternInstruction: Sendable {
    case scalar(UInt32)
    case set(Int)
    case assertion(PatternAssertion)
    /// Goes on at the first, and at the second if that fails.
    case split(Int, Int)
    case jump(Int)
    case save(Int)
    /// Goes on at `next` if what follows this instruction matches here, or does not.
    case lookAhead(isNegative: Bool, next: Int)
    case match
}

/// Characters: ranges, and the classes of `\d`, `\s`, `\w`.
struct PatternSet: Sendable {
    enum Class: Sendable { case digit, space, word }

    var ranges: [ClosedRange<UInt32>] = []
    var classes: [(Class, isNegated: Bool)] = []
    var isNegated = false

    func contains(_ scalar: UInt32, ignoresCase: Bool) -> Bool {
        var isIn = holds(scalar)
        if !isIn, ignoresCase { isIn = holds(Self.upper(scalar)) }
        return isIn != isNegated
    }

    private func holds(_ scalar: UInt32) -> Bool {
        for range in ranges where range.contains(scalar) { return true }
        for (name, isNegated) in classes where Self.isIn(name, scalar) != isNegated { return true }
        return false
    }

    private static func isIn(_ name: Class, _ scalar: UInt32) -> Bool {
        switch name {
        case .digit: isDigit(scalar)
        case .space: scalar == 0x20 || scalar >= 0x09 && scalar <= 0x0D || scalar >= 0x1C && scalar <= 0x1F
        case .word: isWord(scalar)
        }
    }

    private static func isDigit(_ scalar: UInt32) -> Bool { scalar >= 0x30 && scalar <= 0x39 }

    static func isWord(_ scalar: UInt32) -> Bool {
        if scalar < 0x80 { return isDigit(scalar) || scalar == 0x5F || scalar | 0x20 >= 0x61 && scalar | 0x20 <= 0x7A }
        guard let properties = Unicode.Scalar(scalar)?.properties else { return false }
        return properties.isAlphabetic || properties.numericType != nil
    }

    static func lower(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return scalar >= 0x41 && scalar <= 0x5A ? scalar + 0x20 : scalar }
        let mapping = Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars
        return mapping?.count == 1 ? mapping?.first?.value ?? scalar : scalar
    }

    private static func upper(_ scalar: UInt32) -> UInt32 {
        if scalar < 0x80 { return scalar >= 0x61 && scalar <= 0x7A ? scalar - 0x20 : scalar }
        let mapping = Unicode.Scalar(scalar)?.properties.uppercaseMapping.unicodeScalars
        return mapping?.count == 1 ? mapping?.first?.value ?? scalar : scalar
    }
}
