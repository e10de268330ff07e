import Testing

@testable import Telemetry

@Suite("Globs")
struct GlobTests {
    /// As slow as it is plain: tries everything.
    private static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "*":
            var tail = text
            while true {
                if matches(rest, tail) { return true }
                guard let next = tail.popFirst(), next != "." else { return false }
            }
        case "?": return text.first.map { $0 != "." } == true && matches(rest, text.dropFirst())
        case "[":
            guard let close = rest.dropFirst().firstIndex(of: "]"), let byte = text.first, byte != "." else {
                return false
            }
            let set = rest[..<close]
            let holds =
                set.count == 3 && set.dropFirst().first == "-"
                ? (set.first ?? "z")...(set.last ?? "a") ~= byte : set.contains(byte)
            return holds && matches(rest[close...].dropFirst(), text.dropFirst())
        case "{":
            guard let close = rest.firstIndex(of: "}") else { return false }
            return rest[..<close].split(separator: ",", omittingEmptySubsequences: false).contains {
                matches($0 + rest[close...].dropFirst(), text)
            }
        default: return text.first == first && matches(rest, text.dropFirst())
        }
    }

    @Test("the tree finds what trying every name finds")
    func tree() {
        var numbers = SeededNumbers(3)
        let parts = ["a", "b", "ab", "ba", "abc", "web-1", "web-2", "x"]
        var names: Set<String> = []
        while names.count < 300 {
            let depth = Int.random(in: 1...4, using: &numbers)
            names.insert((0..<depth).map { _ in parts.randomElement(using: &numbers) ?? "" }.joined(separator: "."))
        }
        var tree = PathTree(seed: 1)
        for (place, name) in names.sorted().enumerated() {
            Array(name.utf8).withUnsafeBytes { tree.add($0, UInt32(place)) }
        }
        let gone = Set(names.sorted().prefix(50))
        for name in gone { Array(name.utf8).withUnsafeBytes { tree.remove($0) } }
        let live = names.subtracting(gone)
        let pieces = [
            "*", "a*", "*b", "a?", "[ab]", "[a-c]*", "{a,web-1}", "web-{1,2}", "x", "a", "*b*", "??", "{a,b}*",
        ]
        for _ in 0..<400 {
            let depth = Int.random(in: 1...4, using: &numbers)
            let pattern = (0..<depth).map { _ in pieces.randomElement(using: &numbers) ?? "" }.joined(separator: ".")
            let found = tree.find(pattern.utf8).filter { $0.series != nil }.map {
                String(decoding: $0.path, as: UTF8.self)
            }
            #expect(found.sorted() == live.filter { Self.matches(pattern[...], $0[...]) }.sorted(), "\(pattern)")
        }
    }

    @Test(
        "rules match across nodes only where they say so",
        arguments: [
            ("**", "a.b.c", true), ("a.*", "a.b", true), ("a.*", "a.b.c", false), ("a.**", "a.b.c", true),
            ("**.count", "a.b.count", true), ("**.count", "a.b.counts", false), ("a.*.c*", "a.b.cd", true),
            ("a.*.c", "a.b.x.c", false), ("**b*", "a.b.c", false), ("**.b.*", "a.a.b.c", true),
            ("a.[!b]", "a.b", false),
        ])
    func rules(pattern: String, name: String, holds: Bool) {
        let isMatch = Array(name.utf8).withUnsafeBytes { Glob(pattern.utf8).matches($0, across: true) }
        #expect(isMatch == holds)
    }

    @Test("hostile patterns cost little")
    func hostile() {
        let text = Array(repeating: UInt8(ascii: "a"), count: 1000)
        let patterns = [
            String(repeating: "*a", count: 500) + "b", String(repeating: "{a,b}", count: 60),
            String(repeating: "{", count: 1000), String(repeating: "[", count: 1000), "[", "[]", "{}", "{,}", "a}",
            String(repeating: "**", count: 500) + "b",
        ]
        for pattern in patterns {
            _ = text.withUnsafeBytes { Glob(pattern.utf8).matches($0, across: true) }
            _ = text.withUnsafeBytes { Glob(pattern.utf8).matches($0) }
        }
    }
}
