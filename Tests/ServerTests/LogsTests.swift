import ControlPlane
import Core
import Logs
import NIOHTTP1
import Testing
import Wire

@Suite("Logs over HTTP")
struct LogsTests {
    private static let lines = """
        {"level":"info","msg":"order 1 packed","duration":12,"path":"/orders/1"}
        {"level":"warn","msg":"order 2 timed out","duration":30000,"path":"/orders/2"}
        level=error msg="cannot reach <b>stock</b>" duration=7
        \u{1B}[31mnot a form\u{1B}[0m at all
        """

    private func fill(_ server: RunningServer) async throws {
        let client = try server.client(token: "reporter")
        let taken = try await client.sendLines(
            Self.lines, labels: [("app", "shop"), ("host", "web-1")])
        await client.shutdown()
        #expect(taken == LogsTakenView(taken: 4, refused: 0))
    }

    @Test("lines are sent, searched, counted, grouped and found in their neighbourhood")
    func api() async throws {
        try await RunningServer.with { server in
            try await fill(server)
            let client = try server.client()
            let found = try await client.searchLogs(.init(query: #"app:shop level:>=warn "timed out""#))
            #expect(found.lines?.map(\.message) == ["order 2 timed out"])
            #expect(found.lines?.first?.fields["duration"] == "30000")
            let slow = try await client.searchLogs(.init(query: "duration:>10 | count by level | sort level"))
            #expect(slow.table?.rows == [["info", "1"], ["warn", "1"]])
            let histogram = try await client.logHistogram(.init(query: "app:shop"), buckets: 10)
            #expect(histogram.buckets.reduce(0) { $0 + $1.counts.values.reduce(0, +) } == 4)
            let fields = try await client.logFields(.init(query: "app:shop"))
            #expect(fields.contains { $0.name == "host" && $0.isLabel && $0.values.first?.value == "web-1" })
            let position = try #require(found.lines?.first?.position)
            let context = try await client.logContext(position, lines: 1)
            #expect(context.lines?.contains { $0.position == position } == true)
            let pages = try await client.searchLogs(.init(query: "app:shop"), limit: 3)
            let rest = try await client.searchLogs(.init(query: "app:shop"), limit: 3, after: pages.report.next)
            #expect(Set((pages.lines ?? []).map(\.position)).union((rest.lines ?? []).map(\.position)).count == 4)
            await client.shutdown()
        }
    }

    @Test("raw lines are listed and got; keys that are none are refused")
    func raw() async throws {
        let logs = try SampleLogs()
        var processor = LogProcessor(nil, seed: 1)
        let time = SampleFabric.now
        for host in ["web-1", "web-2"] {
            let stream = processor.builder.stream(
                LogStream([.init("app", "shop"), .init("host", host), .init("path", "/var/log/shop.log")]))
            Array("<b>\(host)</b> \u{1B}[31m".utf8).withUnsafeBytes {
                processor.take(ByteView($0), stream: stream, now: time.milliseconds * 1_000_000)
            }
        }
        await logs.raw.append(processor.takeBatch(), rules: [LogRetentionSpec()], at: time)
        await logs.raw.keep(rules: [], at: Instant(milliseconds: time.milliseconds + 600_000))
        try await RunningServer.with(logs: logs) { server in
            let client = try server.client(token: "viewer")
            #expect(
                try await client.rawLogs(host: nil, app: "shop", from: nil).map(\.host).sorted() == ["web-1", "web-2"])
            let found = try await client.rawLogs(host: "web-2", app: nil, from: "-1h")
            #expect(found.map(\.name) == ["/var/log/shop.log"] && found.first?.lines == 1)
            let text = try await client.rawLog(String(found.first?.key.prefix(8) ?? ""))
            #expect(String(decoding: text, as: UTF8.self) == "<b>web-2</b> \u{1B}[31m\n")
            #expect(try await client.rawLogs(host: "web-3", app: nil, from: nil).isEmpty)
            await client.shutdown()
            for key in ["x", "%2e%2e%2f%2e%2e", "ffffffffffffffff"] {
                let answer = try await server.send("GET", "/v1/logs/raw/\(key)", token: "viewer")
                #expect((400..<500).contains(answer.status), "\(answer)")
            }
        }
    }

    @Test("what cannot be understood is refused where it enters, with what was expected")
    func refusals() async throws {
        try await RunningServer.with { server in
            for (path, code) in [
                ("/v1/logs?query=level:%3E%3Dwarn%20(", "logs.query-invalid"), ("/v1/logs?from=never", "time"),
                ("/v1/logs?from=now&until=-1h", "query.invalid"), ("/v1/logs?limit=0", "query.invalid"),
                ("/v1/logs/context?position=x", "logs.position-invalid"), ("/v1/logs?after=1", "logs.position-invalid"),
            ] {
                let answer = try await server.send("GET", path, token: "viewer")
                #expect((400..<500).contains(answer.status) && answer.body.contains(code), "\(path): \(answer)")
            }
            let packed = try await server.send(
                "POST", "/v1/logs/lines", token: "reporter", headers: ["content-encoding": "br"], body: "x")
            #expect(packed.status == 422 || packed.status == 415)
        }
    }

    @Test("shippers for Elasticsearch, Loki and OpenTelemetry are understood")
    func shippers() async throws {
        try await RunningServer.with { server in
            let hello = try await server.send("GET", "/", token: "reporter", headers: ["accept": "application/json"])
            #expect(hello.status == 200 && hello.body.contains("lucene_version"))
            #expect(hello.headers.first(name: "x-elastic-product") == "Elasticsearch")
            let time = SampleFabric.now.milliseconds
            let bulk =
                #"{"create":{"_index":"orders"}}"# + "\n" + #"{"@timestamp":\#(time),"message":"by bulk"}"# + "\n"
            let created = try await server.send(
                "POST", "/_bulk", token: "reporter", headers: ["content-type": "application/x-ndjson"], body: bulk)
            #expect(created.status == 200 && created.body.contains(#""errors":false"#), "\(created.body)")
            let loki = #"{"streams":[{"stream":{"app":"lok"},"values":[["\#(time)000000","by loki"]]}]}"#
            #expect(try await server.send("POST", "/loki/api/v1/push", token: "reporter", body: loki).status == 204)
            let otlp = """
                {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"otl"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"\(time)000000","severityNumber":13,"body":{"stringValue":"by otlp"}}]}]}]}
                """
            #expect(try await server.send("POST", "/v1/logs", token: "reporter", body: otlp).status == 200)
            let client = try server.client()
            for word in ["bulk", "loki", "otlp"] {
                let found = try await client.searchLogs(.init(query: "\"by \(word)\"", from: "-1d"))
                #expect(found.lines?.count == 1, "\(word)")
            }
            await client.shutdown()
        }
    }

    @Test("the page shows lines with nothing of theirs as markup, and what a click asks for")
    func page() async throws {
        try await RunningServer.with { server in
            try await fill(server)
            let page = try await server.send("GET", "/logs?query=app:shop", token: "viewer")
            #expect(page.status == 200 && page.body.contains("order 2 timed out"))
            #expect(!page.body.contains("<b>stock</b>") && page.body.contains("&lt;b&gt;stock"))
            #expect(page.body.contains("log-histogram") && page.body.contains("Only these"))
            let table = try await server.send("GET", "/logs?query=app:shop%20%7C%20count%20by%20level", token: "viewer")
            #expect(table.body.contains("<td>warn</td>"))
            let fault = try await server.send("GET", "/logs?query=(", token: "viewer")
            #expect(fault.status == 200 && fault.body.contains("role=\"alert\""))
        }
    }
}
