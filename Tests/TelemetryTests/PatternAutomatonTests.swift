import Testing

@testable import Telemetry

@Suite("Patterns in one pass")
struct PatternAutomatonTests {
    private static let patterns = [
        "", "a", "ab|b", "a*b", "(ab)+c?", "a{2}", "a{2,}b", "a{1,3}$", "^a.c$", "[a-c]+$", "[^a]b", "\\d+",
        "\\w\\.b", "(?:a|b)*c", "a.*b$", "(a|ab)(c|bcd)$", "(a*)*b", "[]a]", "a+?b", "(|a)b", "$", "b|", "[a\\d]*$",
        "\\bab", "a\\b", "\\Ba", "\\bä", "(?m)^b", "(?m)a$", "\\Aa", "a\\Z", "(?s)a.b", "(?i)Ä|B", "ü+", "[ä-ü]b",
        "(?i)[A-C]d", "^$", "^\\s*$", "(^a|b)c", "(a|b$)+", "\\b\\B", "a$\\n", "(?m)$\\n^b",
    ]

    private static func text(_ numbers: inout SeededNumbers, _ count: ClosedRange<Int>) -> String {
        String(
            (0..<Int.random(in: count, using: &numbers)).map { _ in
                ["a", "b", "c", "d", "A", "B", "1", ".", " ", "\n", "ä", "ü", "Ä"].randomElement(using: &numbers) ?? "a"
            } as [Character])
    }

    /// Flags stay in front.
    private static func atStart(_ pattern: String) -> String {
        let flags = ["(?m)", "(?s)", "(?i)"].first { pattern.hasPrefix($0) } ?? ""
        return "\(flags)\\A(?:\(pattern.dropFirst(flags.count)))"
    }

    @Test("it says what the matcher says that tries one way after the other", arguments: patterns)
    func likeMatcher(text pattern: String) throws {
        let compiled = try BoundedPattern(pattern)
        var anywhere = try #require(PatternAutomaton(compiled))
        var beginning = try #require(PatternAutomaton(compiled, isAnchored: true))
        var numbers = SeededNumbers(11)
        for _ in 0..<300 {
            let text = Self.text(&numbers, 0...7)
            var matcher = PatternMatcher(compiled)
            let input = matcher.scalars(text)
            let found = try matcher.find(in: input, from: 0)
            let (isFound, isBegun) = (anywhere.matches(text), beginning.matches(text))
            #expect(isFound == (found != nil), "\(pattern) in \(text)")
            // What is found first may begin later; it is asked for by itself.
            var other = PatternMatcher(try BoundedPattern(Self.atStart(pattern)))
            let begins = try other.find(in: other.scalars(text), from: 0) != nil
            #expect(isBegun == begins, "\(pattern) at the beginning of \(text)")
        }
    }

    @Test("it matches what the library's expressions match", arguments: patterns.prefix(23))
    func likeRegex(pattern: String) throws {
        // The library has its own ways with these two.
        guard pattern != "[]a]", !pattern.hasSuffix("$") else { return }
        let theirs = try Regex(pattern)
        var mine = try #require(PatternAutomaton(try BoundedPattern(pattern), isAnchored: true))
        var numbers = SeededNumbers(12)
        for _ in 0..<200 {
            let text = Self.text(&numbers, 0...6).filter { $0 != "\n" }
            let isMatch = mine.matches(text)
            #expect(isMatch == (text.prefixMatch(of: theirs) != nil), "\(pattern) on \(text)")
        }
    }

    @Test("bytes that are no UTF-8 are characters that nobody wrote")
    func invalid() throws {
        var automaton = try #require(PatternAutomaton(try BoundedPattern("^a.b$")))
        for bytes in [[0x61, 0xFF, 0x62], [0x61, 0xC3, 0x62], [0x61, 0xC3, 0xA4, 0x62]] as [[UInt8]] {
            let isMatch = bytes.withUnsafeBytes { automaton.matches($0) }
            #expect(isMatch, "\(bytes)")
        }
        for bytes in [[0x61, 0xED, 0xA0, 0x80, 0x62], [0x61, 0xE2, 0x82]] as [[UInt8]] {
            let isMatch = bytes.withUnsafeBytes { automaton.matches($0) }
            #expect(!isMatch, "\(bytes)")
        }
    }

    @Test("a hostile pattern costs no more than its length times the text's")
    func hostile() throws {
        let text = String(repeating: "a", count: 100_000)
        for pattern in ["(a+)+$x", "(a|a)*(a|a)*b", "(.*)*x", "^(([a-z])+.)+[A-Z]$"] {
            var automaton = try #require(PatternAutomaton(try BoundedPattern(pattern)))
            let isMatch = automaton.matches(text)
            #expect(!isMatch, "\(pattern)")
        }
        let long = String(repeating: "a?", count: 300) + String(repeating: "a", count: 300)
        var automaton = try #require(PatternAutomaton(try BoundedPattern(long)))
        let isMatch = automaton.matches(text)
        #expect(isMatch)
        _ = try BoundedPattern("(?:(?:(?:(?:){1000}){1000}){1000}){1000}")
    }

    @Test("states that are too many are forgotten, and the answer stays right")
    func forgets() throws {
        // 2^13 states: which of the last places had an `a`.
        let compiled = try BoundedPattern("a[ab]{12}c")
        var automaton = try #require(PatternAutomaton(compiled))
        var numbers = SeededNumbers(13)
        for _ in 0..<20 {
            var text = String(
                (0..<2000).map { _ in Bool.random(using: &numbers) ? "a" : "b" } as [Character])
            let isInB = automaton.matches(text)
            #expect(!isInB)
            text.replaceSubrange(text.dropFirst(1000).startIndex..<text.dropFirst(1001).startIndex, with: "a")
            text.insert("c", at: text.dropFirst(1013).startIndex)
            let isInText = automaton.matches(text)
            #expect(isInText)
        }
    }

    @Test(
        "tags refuse what cannot be matched in linear time, and what is no expression",
        arguments: [
            "(", ")", "*", "a**b******", "[", "[z-a]", "\\1", "(?=a)", "a{5,2}", "((((a{1000}){1000}){1000}){1000})",
            String(repeating: "(", count: 500), "\\", String(repeating: "a", count: 1025),
        ])
    func refused(pattern: String) {
        let problem = #expect(throws: TelemetryProblem.self) {
            _ = try TagTest(TagCondition(key: "host", .matches, pattern))
        }
        #expect(problem?.code == "series.tag-pattern-invalid")
    }

    @Test(
        "what stands in every match is known, to look for first",
        arguments: [
            ("timed out", ["timed out"]), ("a(bc)d", ["abcd"]), ("ab+c", ["a", "b", "c"]), ("ab?c", ["a", "c"]),
            ("foo|bar", []), ("x(foo|bar)y", ["x", "y"]), ("GET /api/.* 50[0-9]", ["GET /api/", " 50"]),
            ("(?i)abc", []),
            ("ü\\bb", ["üb"]), ("(?=zz)a", ["a"]),
        ])
    func literals(pattern: String, expected: [String]) throws {
        #expect(try BoundedPattern(pattern).literals.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}
