import Logs
import Testing

@Suite("Errors in lines") struct ErrorWatchTests {
    private static let second = ErrorWatch.second
    private static let start: Int64 = 1_795_161_600 * second

    /// A batch of lines, each of an app, a level and a text.
    private func batch(_ lines: [(app: String?, level: LogLevel, text: String)], release: String = "r7") -> LogBatch {
        var processor = LogProcessor(seed: 1)
        for line in lines {
            var labels = [LogStream.Label("host", "web-1"), .init("instance", "\(line.app ?? "x").web.1.\(release)")]
            if let app = line.app { labels += [.init("app", app), .init("release", release)] }
            let stream = processor.builder.stream(LogStream(labels))
            Array(line.text.utf8).withUnsafeBytes {
                processor.begin(ByteView($0), stream: stream, now: Self.start)
                processor.builder.line.level = line.level
                processor.finish()
            }
        }
        return processor.takeBatch()
    }

    private func errors(_ app: String, _ texts: String..., release: String = "r7") -> LogBatch {
        batch(texts.map { (app, .error, $0) }, release: release)
    }

    @Test(
        "Lines that differ in numbers and quotations are of one kind",
        arguments: [
            ("payment 4711 failed", "payment <*> failed"),
            ("cannot reach 10.0.0.12:443 after 30s", "cannot reach <*> after <*>"),
            (#"no user "ana" in 'eu-1'"#, #"no user "<*>" in '<*>'"#), ("it can't be done", "it can't be done"),
            ("  boom\n  at f (x.js:12)", "boom"),
            (
                "Traceback (most recent call last):\n  File \"x.py\", line 3\nValueError: bad id 12\n",
                "ValueError: bad id <*>"
            ),
            ("a \u{1B}[1;31mred\u{1B}[0m \u{202E}\u{1B}]0;", "a red \\u{202e} ]<*>;"),
        ])
    func shapes(line: String, text: String) {
        var watch = ErrorWatch(seed: 7)
        watch.take(errors("shop", line), at: Self.start)
        #expect(watch.known().map(\.text) == [text])
    }

    @Test("A kind is told once its first lines are gathered, and again while it goes on")
    func again() {
        var watch = ErrorWatch(seed: 7)
        watch.take(errors("shop", "payment 1 failed", "payment 2 failed"), at: Self.start)
        #expect(watch.pass(at: Self.start + 9 * Self.second).reports.isEmpty)
        watch.take(errors("shop", "payment 3 failed", release: "r8"), at: Self.start + 9 * Self.second)
        let first = watch.pass(at: Self.start + 10 * Self.second).reports
        #expect(first.count == 1)
        let part = first.first?.parts.first
        #expect(part?.count == 3)
        #expect(part?.isNew == true)
        #expect(part?.group.samples.map(\.text) == ["payment 1 failed", "payment 2 failed", "payment 3 failed"])
        #expect(part?.group.firstRelease == "r7")
        #expect(part?.group.lastRelease == "r8")
        // An hour without another line is silence; with one it is told how many came.
        #expect(watch.pass(at: Self.start + 3 * ErrorWatch.hour).reports.isEmpty)
        watch.take(errors("shop", "payment 4 failed"), at: Self.start + 3 * ErrorWatch.hour)
        let later = watch.pass(at: Self.start + 3 * ErrorWatch.hour).reports.first?.parts.first
        #expect(later?.isNew == false)
        #expect(later?.count == 1)
        #expect(later?.group.count == 4)
    }

    @Test("Lines of no app, of lower levels and of exceptions are no errors")
    func choice() throws {
        var watch = ErrorWatch(.init(except: try LogQuery("source:haproxy or \"no route\"").compiled()), seed: 7)
        watch.take(
            batch([
                (nil, .error, "boom"), ("shop", .warn, "slow"), ("shop", .error, "no route to x"),
                ("shop", .alert, "fire"),
            ]),
            at: Self.start)
        #expect(watch.known().map(\.text) == ["fire"])
        #expect(watch.known().first?.levelOfLines == .alert)
    }

    @Test("A flood of kinds takes bounded room and one report a minute")
    func flood() {
        var watch = ErrorWatch(seed: 7)
        var reports = 0
        var told = 0
        for second in 0..<600 {
            let words = (0..<20).map { "error of kind \(Self.letters(second * 20 + $0))" }
            watch.take(batch(words.map { ("shop", .error, $0) }), at: Self.start + Int64(second) * Self.second)
            for report in watch.pass(at: Self.start + Int64(second) * Self.second).reports {
                reports += 1
                told += report.parts.reduce(0) { $0 + $1.count }
            }
        }
        let groups = watch.known()
        #expect(groups.count == 101)
        #expect(groups.contains { $0.text == ErrorWatch.others })
        #expect(groups.reduce(0) { $0 + $1.count } == 12_000)
        #expect(reports <= 11)
        #expect(told > 0)
    }

    private static func letters(_ number: Int) -> String {
        String(String(number).utf8.map { Character(Unicode.Scalar($0 + 0x31)) })
    }

    @Test("What was told is known after a restart, and forgotten after a week without a line")
    func restart() throws {
        var watch = ErrorWatch(seed: 7)
        watch.take(errors("shop", "payment 1 failed"), at: Self.start)
        _ = watch.pass(at: Self.start + 10 * Self.second)
        var next = ErrorWatch(groups: watch.known(), seed: 8)
        next.take(errors("shop", "payment 9 failed"), at: Self.start + 20 * Self.second)
        #expect(next.pass(at: Self.start + 100 * Self.second).reports.isEmpty)
        #expect(next.known().map(\.count) == [2])
        let outcome = next.pass(at: Self.start + 8 * 24 * ErrorWatch.hour)
        #expect(outcome.forgotten == [ErrorGroup.Key(app: "shop", text: "payment <*> failed")])
        #expect(next.known().isEmpty)
    }

    @Test(
        "A kind's query finds its lines",
        arguments: [
            ("payment 4711 of ana failed", #"app:=shop level:>=error payment "of ana failed""#),
            (#"no "user" in C:\ at dawn 12"#, #"app:=shop level:>=error no "in C" "at dawn""#),
            ("12345", "app:=shop level:>=error"),
        ])
    func query(line: String, query: String) throws {
        var watch = ErrorWatch(seed: 7)
        let lines = errors("shop", line)
        watch.take(lines, at: Self.start)
        let group = try #require(watch.known().first)
        #expect(group.query(from: .error).description == query)
        #expect(try LogQuery(query).compiled().holds(lines, 0))
    }

    @Test("Lines that came before a kill are found again, and those that were counted are not counted twice")
    func missed() {
        var watch = ErrorWatch(seed: 7)
        watch.take(errors("shop", "payment 1 failed"), at: Self.start)
        var next = ErrorWatch(groups: watch.known(), seed: 8)
        next.takeMissed(errors("shop", "payment 1 failed", "disk full"))
        #expect(
            Dictionary(uniqueKeysWithValues: next.known().map { ($0.text, $0.count) }) == [
                "payment <*> failed": 1, "disk full": 1,
            ])
    }

    @Test("A clock that goes back by a year keeps nobody in the dark")
    func clock() {
        var watch = ErrorWatch(seed: 7)
        let year = 365 * 24 * ErrorWatch.hour
        watch.take(errors("shop", "payment 1 failed"), at: Self.start + year)
        _ = watch.pass(at: Self.start + year + 10 * Self.second)
        watch.take(errors("shop", "disk full"), at: Self.start)
        _ = watch.pass(at: Self.start)
        let reports = watch.pass(at: Self.start + 61 * Self.second).reports
        #expect(reports.first?.parts.map(\.group.text) == ["disk full"])
    }
}
