import Testing

@testable import Telemetry

@Suite("Patterns of tags")
struct TagPatternTests {
    @Test("it matches what the library's expressions match")
    func likeRegex() throws {
        let patterns = [
            "", "a", "ab|b", "a*b", "(ab)+c?", "a{2}", "a{2,}b", "a{1,3}$", "^a.c$", "[a-c]+$", "[^a]b", "\\d+",
            "\\w\\.b", "(?:a|b)*c",
            "a.*b$", "(a|ab)(c|bcd)$", "(a*)*b", "[]a]", "a+?b", "(|a)b", "$", "b|", "[a\\d]*$",
        ]
        var numbers = SeededNumbers(11)
        for pattern in patterns {
            let mine = try #require(TagPattern(pattern), "\(pattern)")
            let theirs = pattern == "[]a]" ? nil : try? Regex(pattern)
            for _ in 0..<200 {
                let text = String(
                    (0..<Int.random(in: 0...6, using: &numbers)).map { _ in
                        "abcd1.".randomElement(using: &numbers) ?? "a"
                    })
                guard let theirs else { continue }
                #expect(mine.matchesStart(of: text) == (text.prefixMatch(of: theirs) != nil), "\(pattern) on \(text)")
            }
        }
        #expect(TagPattern("h.s$")?.matchesStart(of: "hüs") == true)
        #expect(TagPattern("[^a]$")?.matchesStart(of: "ü") == true)
    }

    @Test(
        "what cannot be matched in linear time is refused, as is what is no expression",
        arguments: [
            "(", ")", "*", "a**b******", "[", "[z-a]", "\\1", "(?=a)", "a{2", "a{5,2}",
            "((((a{1000}){1000}){1000}){1000})",
            String(repeating: "(", count: 500), "\\",
        ])
    func refused(pattern: String) {
        #expect(TagPattern(pattern) == nil)
    }

    @Test("a hostile pattern costs no more than its length times the text's")
    func hostile() {
        let text = String(repeating: "a", count: 1000)
        #expect(TagPattern("(a+)+$x")?.matchesStart(of: text) == false)
        #expect(TagPattern("(a|a)*(a|a)*b")?.matchesStart(of: text) == false)
        #expect(
            TagPattern(String(repeating: "a?", count: 300) + String(repeating: "a", count: 300))?.matchesStart(of: text)
                == true)
    }
}
