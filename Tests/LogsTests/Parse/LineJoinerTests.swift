import Testing

@testable import Logs

@Suite("Lines that belong together")
struct LineJoinerTests {
    private func joined(_ rule: LineJoiner.Rule, _ lines: [String]) -> [String] {
        var joiner = LineJoiner(rule)
        var events: [String] = []
        for line in lines {
            var line = line
            line.withUTF8 { joiner.take(ByteView(UnsafeRawBufferPointer($0)), at: 0) { events.append($0.text) } }
        }
        joiner.finish { events.append($0.text) }
        return events
    }

    @Test("An event begins where the pattern says")
    func pattern() throws {
        let rule = LineJoiner.Rule.begins(try PatternCode(#"^\d{4}-"#))
        #expect(joined(rule, ["2026-a", " b", "c", "2026-d"]) == ["2026-a\n b\nc", "2026-d"])
    }

    @Test("Stack traces stay together")
    func traces() {
        let java = ["E x", "java.lang.X: y", "\tat a.b(C.java:1)", "Caused by: z", "\t... 3 more", "next"]
        #expect(joined(.stackTraces, java) == ["E x", java[1...4].joined(separator: "\n"), "next"])
        let python = [
            "ERROR x", "Traceback (most recent call last):", "  File \"a.py\"", "    f()", "ValueError: y", "next",
        ]
        #expect(joined(.stackTraces, python) == [python[0...4].joined(separator: "\n"), "next"])
        let go = ["a", "panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:1", "exit status 2", "next"]
        #expect(joined(.stackTraces, go) == ["a", go[1...6].joined(separator: "\n"), "next"])
    }

    @Test("An event is over after a time without lines, and never grows without end")
    func bounds() {
        var joiner = LineJoiner(.stackTraces, quiet: 10)
        var sizes: [Int] = []
        let line = [UInt8](repeating: 0x20, count: 1000)
        line.withUnsafeBytes { line in
            for _ in 0..<1000 { joiner.take(ByteView(line), at: 0) { sizes.append($0.count) } }
        }
        #expect(sizes.allSatisfy { $0 <= LineJoiner.bytesMax } && !sizes.isEmpty)
        #expect(joiner.deadline == 10)
        joiner.flush(at: 9) { _ in sizes = [] }
        #expect(!sizes.isEmpty)
        joiner.flush(at: 10) { _ in sizes = [] }
        #expect(sizes.isEmpty && joiner.isEmpty)
    }
}
