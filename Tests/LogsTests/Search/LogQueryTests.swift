import Logs
import Telemetry
import Testing

@Suite("The language of searches")
struct LogQueryTests {
    private static func term(_ field: String?, _ test: LogTerm.Test) -> LogExpression { .term(LogTerm(field, test)) }
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("the example of the page is understood")
    func example() throws {
        let query = try LogQuery(#"app:shop level:>=warn "timed out" -path:/healthz | count by host, 1m"#)
        #expect(
            query.filter
                == .and([
                    Self.term("app", .phrase(Self.bytes("shop"))),
                    Self.term("level", .range(from: LogTerm.Bound("warn"), to: nil)),
                    Self.term(nil, .phrase(Self.bytes("timed out"))),
                    .not(Self.term("path", .phrase(Self.bytes("/healthz")))),
                ]))
        #expect(query.stages == [.aggregate([LogAggregate(.count)], by: [.field("host"), .time(60_000_000_000)])])
    }

    @Test(
        "what is written in several ways is one query",
        arguments: [
            ("a b", "a and b"), ("a AND b", "(a b)"), ("a or b or c", "a OR (b or c)"), ("not a", "-a"), ("!a", "-a"),
            ("status:500..599", "status:>=500..<=599"), ("status>=500", "status:>=500"), ("status<2", "status:<2"),
            ("", "*"), ("  * ", "*"), ("a *", "a"), ("| count", "* | count()"), ("| p99(x)", "|p99 x"),
            ("| sort -count", "| sort count desc"), ("| top x", "| top 10 x"), ("| sort by a asc", "| sort a"),
            ("| COUNT BY host", "| count by host"), ("path:/a/b", #"path:"/a/b""#), ("http://x/y", #""http://x/y""#),
            ("path:/a path:/", #"path:"/a" path:"/""#), (#"a"b c"d"#, #"a "b c" d"#), ("12:30:05", #""12:30:05""#),
            ("std::vector", #""std::vector""#), ("a - b", #"a "-" b"#), ("x:../etc", #"x:"../etc""#),
            ("| count by 60s", "| count by 1m"), (#""odd name":x"#, #""odd name":"x""#), ("a->b", #""a->b""#),
        ])
    func same(one: String, other: String) throws {
        #expect(try LogQuery(one) == LogQuery(other))
    }

    @Test("a query that is written back is the same", arguments: 1...40 as ClosedRange<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var logs = RandomLogs(seed)
        for _ in 0..<50 {
            var query = LogQuery(filter: logs.expression(depth: 4), stages: logs.stages())
            #expect(try LogQuery(query.description) == query, "\(query)")
            let value = Self.bytes(logs.random.pick(["a b", "\u{0}\u{1B}[31m\n", "\"\\", "", "50%", "or", "*", "ü"]))
            let field = logs.random.pick(["host", "message", "odd: name", "and", "|"])
            query = query.adding(field: field, value: value).excluding(field: "x", value: [0xFF, 0xC3, 0x20])
            #expect(try LogQuery(query.description) == query, "\(query)")
            let taken = query.removing(field: "x", value: [0xFF, 0xC3, 0x20])
            #expect(try LogQuery(taken.description) == taken, "\(query)")
        }
    }

    @Test("clicks are taken back by their opposites")
    func clicks() throws {
        let query = try LogQuery("error").adding(field: "host", value: Self.bytes("web-1"))
        #expect(query.description == "error host:=web-1")
        let other = query.excluding(field: "host", value: Self.bytes("web-1"))
        #expect(other.description == "error -host:=web-1")
        #expect(other.adding(field: "host", value: Self.bytes("web-1")) == query)
        #expect(query.removing(field: "host", value: Self.bytes("web-1")) == (try LogQuery("error")))
    }

    @Test(
        "what is wrong is said with its place and what was meant",
        arguments: [
            (#"a "b"#, "column 3", "\""), ("a (b", "column 3", ")"), ("a )", "column 3", "Leave it out"),
            ("level:>=warm", "column 7", "Did you mean `warn`"), ("x:>abc", "column 3", "1.5s"),
            ("status:599..500", "column 8", "smaller"), ("| cuont", "column 3", "Did you mean `count`"),
            ("| median x", "column 3", "Did you mean `p50`"), ("| p101 x", "column 3", "p0 to p100"),
            ("| count by 5x", "column 12", "1m"), ("error:", "column 7", "error:*"), ("fo*o", "column 3", "/fo.*o/"),
            ("/(/", "column 1", "quotes"), ("a or", "column 5", ""), ("a | b |", "column 5", ""),
            ("| sort x | count", "column 12", "Behind them"), ("| count | count", "column 11", "Behind them"),
            ("| limit 0", "column 9", ""), ("ü (", "column 4", ""), ("| sum", "column 6", "sum duration"),
            ("()", "column 2", ""),
            ("x:\"\"", "column 3", ":=\"\""), ("| count by host x", "column 17", ""), ("/(?=a)/", "column 1", ""),
            ("| patterns | sort x", "column 14", ""), ("x:=", "column 4", "x:=\"\""),
        ])
    func problems(text: String, place: String, remedy: String) {
        let problem = #expect(throws: TelemetryProblem.self, "\(text)") { try LogQuery(text) }
        #expect(problem?.code == "logs.query-invalid")
        #expect(problem?.cause.contains(place + ",") == true, "\(text): \(problem?.description ?? "")")
        #expect(problem?.remedy.contains(remedy) == true, "\(text): \(problem?.description ?? "")")
    }

    @Test("what is too much is refused before it costs something")
    func tooLarge() {
        let texts = [
            String(repeating: "a", count: 9000),
            String(repeating: "(", count: 60) + "a" + String(repeating: ")", count: 60),
            String(repeating: "-", count: 60) + "a", Array(repeating: "a", count: 201).joined(separator: " "),
            Array(repeating: "| limit 1", count: 9).joined(separator: " "), String(repeating: "n", count: 257) + ":x",
            "| count by " + Array(repeating: "a", count: 11).joined(separator: ","),
        ]
        for text in texts {
            let problem = #expect(throws: TelemetryProblem.self) { try LogQuery(text) }
            #expect(problem?.code == "logs.query-too-large", "\(text.prefix(20))")
        }
    }

    @Test("any bytes give a query or a problem", arguments: 1...20 as ClosedRange<UInt64>)
    func hostile(seed: UInt64) throws {
        var random = SearchRandom(seed)
        let parts = [
            "\"", "\\", "/", "(", ")", "|", ":", "*", "-", "..", ">", "=", "<", " ", "a", "count", "by", ",", "or",
            "not",
            "top", "p99", "\u{0}", "\u{1B}[2J", "ü", "\u{202E}", "5m", "1e999", "999999999999999999999", "level:", "\n",
        ]
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in random.pick(parts) }.joined()
            do throws(TelemetryProblem) {
                let query = try LogQuery(text)
                #expect(try LogQuery(query.description) == query, "\(text.debugDescription)")
            } catch {
                #expect(error.code.hasPrefix("logs.query-"), "\(text.debugDescription)")
                #expect(!error.description.contains("\u{1B}") && !error.description.contains("\u{202E}"))
            }
        }
    }
}
