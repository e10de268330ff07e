import Logs
import Telemetry
import Testing

@Suite("Values of lines")
struct LogValueTests {
    @Test(
        "numbers are read with their units",
        arguments: [
            ("500", 500), ("-1.5", -1.5), ("2e3", 2000), ("1.5s", 1.5), ("10ms", 0.01), ("5MB", 5e6), ("1KiB", 1024),
            ("2m", 120), ("1h", 3600), ("250µs", 0.00025), (".5", 0.5),
        ] as [(String, Double)])
    func numbers(text: String, expected: Double) throws {
        let number = try #require(LogNumber.parse(Array(text.utf8)))
        #expect(abs(number - expected) <= 1e-12 * abs(expected))
    }

    @Test(
        "what is no number is none",
        arguments: [
            "", "-", "abc", "1x", "1.2.3", "s", "nan", "inf", "1e999", "0x10", "10 ms", "5 ", "e5",
            String(repeating: "1", count: 60),
        ])
    func noNumbers(text: String) {
        #expect(LogNumber.parse(Array(text.utf8)) == nil)
    }

    @Test(
        "percentiles are at most as far off as is said, and merging changes nothing",
        arguments: 1...8 as ClosedRange<UInt64>)
    func quantiles(seed: UInt64) throws {
        var random = SearchRandom(seed)
        var values: [Double] = []
        var whole = LogQuantiles()
        var parts = [LogQuantiles(), LogQuantiles(), LogQuantiles()]
        for index in 0..<2000 {
            let size = Double.random(in: -9...9, using: &random)
            var value = Double.random(in: 1..<10, using: &random)
            for _ in 0..<abs(Int(size)) { value = size < 0 ? value / 10 : value * 10 }
            if random.chance(0.3) { value = -value }
            if random.chance(0.05) { value = 0 }
            values.append(value)
            whole.add(value)
            parts[index % 3].add(value)
        }
        values.sort()
        for part in [0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1] {
            let exact = values[max(1, Int((part * 2000).rounded(.up))) - 1]
            let found = try #require(whole.value(at: part))
            #expect(abs(found - exact) <= abs(exact) * LogQuantiles.relativeErrorMax * 1.0001, "\(part)")
        }
        var merged = parts[2]
        merged.merge(parts[0])
        merged.merge(parts[1])
        #expect(merged == whole)
        #expect(LogQuantiles().value(at: 0.5) == nil)
    }

    @Test("different values are counted exactly, and then nearly", arguments: [0, 1, 1000, 1024, 1025, 5000, 50_000])
    func distinct(count: Int) {
        var whole = LogDistinct()
        var halves = [LogDistinct(), LogDistinct()]
        for number in 0..<count {
            for _ in 0..<2 {
                var text = "value \(number)"
                text.withUTF8 { bytes in
                    whole.add(UnsafeRawBufferPointer(bytes))
                    halves[number % 2].add(UnsafeRawBufferPointer(bytes))
                }
            }
        }
        #expect(whole.isExact == (count <= LogDistinct.exactMax))
        // Four standard errors.
        let error = whole.isExact ? 0 : 0.065
        #expect(abs(Double(whole.count - count)) <= error * Double(count))
        var merged = halves[0]
        merged.merge(halves[1])
        #expect(merged.count == whole.count)
    }

    @Test(
        "what steers a terminal is shown, and not done",
        arguments: [
            ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("a\u{1B}[2Jb", "a\\x1b[2Jb"),
            ("a\r\nb", "a\\r\\nb"),
            ("a\tb", "a\\tb"), ("x\u{202E}y", "x\\u{202e}y"), ("ü\u{7F}\u{0}", "ü\\x7f\\x00"),
            ("\u{9B}31m", "\\x9b31m"),
        ])
    func shown(text: String, expected: String) {
        #expect(LogText.shown(text) == expected)
        #expect(LogText.shown(Array(text.utf8)) == expected)
    }

    @Test("bytes that are no text are shown, and lines stay if they may")
    func bytes() {
        #expect(LogText.shown([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        #expect(LogText.shown("a\n\tb\u{1B}", keepsLines: true) == "a\n\tb\\x1b")
    }

    @Test("expressions of queries have flags, literals and bounds")
    func regex() throws {
        func isMatch(_ pattern: LogRegex, _ text: String) -> Bool {
            var text = text
            return text.withUTF8 { pattern.isMatch(UnsafeRawBufferPointer($0)) }
        }
        let pattern = try LogRegex("time[dr] out")
        #expect(pattern.literals == [Array("time".utf8), Array(" out".utf8)])
        #expect(isMatch(pattern, "it timed out.") && !isMatch(pattern, "Timed out"))
        let other = try LogRegex("(?m)^time[dr]", ignoresCase: true)
        #expect(other.literals.isEmpty && isMatch(other, "x\nTIMED") && !isMatch(other, "xtimed"))
        #expect(isMatch(try LogRegex(LogRegex.escaped("a.b*[c]/")), "xa.b*[c]/"))
        for text in ["(", "a(?=b)", "(?:a{100}){100}", "\\1"] {
            let problem = #expect(throws: TelemetryProblem.self) { try LogRegex(text) }
            #expect(problem?.code == "logs.query-invalid")
        }
    }

    @Test("cheap demands come first")
    func order() throws {
        let filter = try LogQuery(#"/a.*b/ "timed out" (x:>5 or level:error) host:*"#).compiled().ordered()
        guard case .and(let parts) = filter else { return #expect(Bool(false)) }
        guard case .condition(let first) = parts[0], case .condition(let last) = parts[3] else {
            return #expect(Bool(false))
        }
        #expect(first.field == "host" && last.field == "message")
        if case .matches = last.test {} else { #expect(Bool(false)) }
    }
}
