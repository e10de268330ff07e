import Testing

@testable import Logs

@Suite("Forms of lines")
struct FormTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var line: String
        var expected: String
        var time: String?
        var testDescription: String { line }

        init(_ line: String, _ expected: String, _ time: String? = nil) {
            self.line = line
            self.expected = expected
            self.time = time
        }
    }

    static let examples = [
        Example(
            #"{"time":"2026-11-21T12:00:01.5Z","level":"WARN","msg":"slow","http":{"status":200,"path":"/a"},"ok":true,"x":null}"#,
            "warn|slow|http.path=/a http.status=200 ok=true", "2026-11-21T12:00:01.500000000Z"),
        Example(
            #"{"ts":1795262401.25,"lvl":"error","message":"a\nb \u00e9 \ud83d\ude00","tags":["a","b"],"msg":"2"}"#,
            "error|a\nb é 😀|msg=2 tags=[\"a\",\"b\"]", "2026-11-21T12:00:01.250000000Z"),
        Example(
            #"{"level":30,"time":1795262400123,"pid":7,"msg":"pino"}"#, "info|pino|pid=7",
            "2026-11-21T12:00:00.123000000Z"),
        Example(#"{"log":"app.orders","message":"packed"}"#, "|packed|log=app.orders"),
        Example(#"{"message":"packed","log":"app.orders"}"#, "|packed|log=app.orders"),
        Example(#"{"log":"a line of a container\n","stream":"stdout"}"#, "|a line of a container|stream=stdout"),
        Example(#"{"a":{}}"#, "||"),
        Example(#"{"a":1} trailing"#, #"|{"a":1} trailing|"#),
        Example(#"{"a":"#, #"|{"a":|"#),
        Example(
            #"time=2026-11-21T12:00:01Z level=info msg="it works" status=200 empty= q="a \"b\"""#,
            #"info|it works|empty= q=a "b" status=200"#, "2026-11-21T12:00:01.000000000Z"),
        Example(
            #"10.0.0.1 - bob [21/Nov/2026:13:00:00 +0100] "GET /cart?id=7 HTTP/1.1" 502 17 "-" "curl/8 \"x\"" 0.012 rt=1.5"#,
            #"error|GET /cart?id=7 HTTP/1.1|bytes=17 client=10.0.0.1 duration=0.012 method=GET path=/cart?id=7 protocol=HTTP/1.1 rt=1.5 status=502 user=bob user_agent=curl/8 \"x\""#,
            "2026-11-21T12:00:00.000000000Z"),
        Example(
            #"::1 - - [21/Nov/2026:12:00:00 +0000] "\x16\x03\x01" 400 157 "-" "-""#,
            #"warn|\x16\x03\x01|bytes=157 client=::1 status=400"#),
        Example(
            #"2026/11/21 12:00:00 [error] 31#32: *7 connect() failed (111: refused), client: 10.0.0.9, server: shop, request: "GET / HTTP/1.1", upstream: "http://10.0.0.2:80/", host: "shop.example""#,
            "error|connect() failed (111: refused)|client=10.0.0.9 connection=7 method=GET path=/ pid=31 protocol=HTTP/1.1 server=shop thread=32 upstream=http://10.0.0.2:80/ vhost=shop.example"
        ),
        Example(
            "[Sat Nov 21 12:00:00.123456 2026] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187] File does not exist",
            "error|File does not exist|client=72.15.99.187 pid=35708", "2026-11-21T12:00:00.123456000Z"),
        Example(
            #"<134>Nov 21 12:00:00 lb haproxy[14389]: 10.0.1.2:33317 [21/Nov/2026:12:00:00.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /index.html HTTP/1.1""#,
            "info|GET /index.html HTTP/1.1|app=haproxy backend=static bytes=2750 client=10.0.1.2 connect_ms=30 connections=1/1/1/1/0 facility=local0 frontend=http-in host=lb method=GET path=/index.html pid=14389 port=33317 protocol=HTTP/1.1 queue_ms=0 queues=0/0 request_ms=10 response_ms=69 server=srv1 status=200 termination=---- total_ms=109",
            "2026-11-21T12:00:00.655000000Z"),
        Example(
            "10.0.1.2:33313 [21/Nov/2026:12:00:00.443] fnt bck/srv1 0/0/5007 212 -- 0/0/0/0/3 0/0",
            "info|fnt bck/srv1|backend=bck bytes=212 client=10.0.1.2 connect_ms=0 connections=0/0/0/0/3 frontend=fnt port=33313 queue_ms=0 queues=0/0 server=srv1 termination=-- total_ms=5007"
        ),
        Example(
            #"<165>1 2026-11-21T12:00:00.003Z web-1 shop 8710 ID47 [ex@1 iut="3" t="a\"b\]"][y z="1"] hello"#,
            #"notice|hello|app=shop ex@1.iut=3 ex@1.t=a"b] facility=local4 host=web-1 msgid=ID47 pid=8710 y.z=1"#,
            "2026-11-21T12:00:00.003000000Z"),
        Example(
            "<34>Nov 21 11:59:59 web-1 su[7]: 'su root' failed",
            "critical|'su root' failed|app=su facility=auth host=web-1 pid=7",
            "2026-11-21T11:59:59.000000000Z"),
        Example(
            "<30>Nov 21 11:59:59 systemd[1]: Started x.", "info|Started x.|app=systemd facility=daemon pid=1"),
        Example("<999>no syslog", "|<999>no syslog|"),
        Example(
            "Nov 21 11:59:59 web-1 sshd[42]: error: bad key", "error|error: bad key|app=sshd host=web-1 pid=42"),
        Example(
            "2026-11-21T11:59:59.5+00:00 web-1 cron[9]: (root) CMD", "|(root) CMD|app=cron host=web-1 pid=9",
            "2026-11-21T11:59:59.500000000Z"),
        Example(
            "2026-11-21 11:59:59,123 INFO root: started", "info|INFO root: started|", "2026-11-21T11:59:59.123000000Z"),
        Example(
            "[2026-11-21 11:59:59] production.ERROR: x", "error|production.ERROR: x|",
            "2026-11-21T11:59:59.000000000Z"),
        Example("\u{1B}[32mINFO\u{1B}[0m ready", "info|INFO ready|"),
        Example("1234567890 bottles", "|1234567890 bottles|"),
        Example("1795262401 bottles", "|bottles|", "2026-11-21T12:00:01.000000000Z"),
        Example(
            #"{"level":"error","time":1795262401,"log":"2026-11-21 INFO: again\n"}"#, "error|2026-11-21 INFO: again|",
            "2026-11-21T12:00:01.000000000Z"),
        Example("just some words about an error in it", "|just some words about an error in it|"),
        Example("", "||"),
    ]

    @Test("A line is known by what it looks like", arguments: examples)
    func auto(_ example: Example) throws {
        let line = try #require(try parsed(example.line, [.parse(.auto)]))
        #expect(line.description == example.expected)
        if let time = example.time { #expect(line.time == time) }
    }

    @Test("A line that has not the form it should have stays whole and says so", arguments: LogFormat.allCases)
    func unparsed(_ format: LogFormat) throws {
        guard format != .auto else { return }
        let line = try #require(try parsed("??? [no form]", [.parse(format)]))
        #expect(line.description == "|??? [no form]|unparsed=\(format.rawValue)")
    }

    @Test("A field is parsed as a line is")
    func field() throws {
        let line = try parsed(
            #"{"message":"m","payload":"a=1 b=2"}"#, [.parse(.json), .parse(.logfmt, from: "payload")])
        #expect(line?.description == "|m|a=1 b=2 payload=a=1 b=2")
    }
}
