import Core
import FoundationEssentials
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Logs of a fleet")
    struct LogTests {
        /// Says in JSON what it does, five times a second, and a secret beside it.
        private static let talker = """
            import json, os, sys, time
            number = 0
            while True:
                number += 1
                print(json.dumps({"level": "warn" if number % 5 == 0 else "info", "msg": "order %d packed" % number,
                                  "duration": number % 7, "mail": "someone@example.org"}), flush=True)
                if number == 3:
                    print(json.dumps({"level": "error", "msg": "cannot reach depot %d" % number}), flush=True)
                time.sleep(0.2)
            """

        private func sample(_ base: Int) throws -> SampleRepository {
            var sample = try SampleRepository(base: base)
            sample.policy = """
                logs:
                  redact: [{ kinds: [email] }]

                """
            sample.processes = """
                  talker:
                    run: python3 talk.py
                    on: { labels: { role: web } }
                    instances: 2
                """
            return sample
        }

        private func count(_ fleet: TestFleet, _ query: String) async throws -> Int {
            let answer = try await fleet.client.searchLogs(.init(query: query + " | count", from: "-1h"))
            return Int(answer.table?.rows.first?.first.flatMap(\.self) ?? "") ?? 0
        }

        @Test(
            "what instances write is searched by what it says, without secrets, and counted by a kill -9 of both ends",
            .timeLimit(.minutes(3)))
        func fleet() async throws {
            let sample = try sample(248)
            try await TestFleet.with { fleet in
                var files = sample.files
                files["src/demo/talk.py"] = Self.talker
                try await fleet.commit(files, "Begin")
                try await fleet.startServer(edge: sample.edge)
                try await eventually("The configuration") { try await fleet.client.configuration() }
                try await fleet.startAgent("edge-1", address: sample.address(0))
                for number in 1...2 { try await fleet.startAgent("web-\(number)", address: sample.address(number)) }
                try await fleet.succeed("deploy", "demo", "--wait")
                try await eventually("Lines of both hosts", within: 40) {
                    let table = try await fleet.client.searchLogs(
                        .init(query: "app:demo process:talker packed | count by host", from: "-1h")
                    ).table
                    return table?.rows.count == 2
                }
                #expect(try await count(fleet, "app:demo level:warn duration:>=0 packed") > 0)
                #expect(try await count(fleet, "\"someone@example.org\"") == 0)
                #expect(try await count(fleet, "mail:redacted") > 0)
                try await expectRequests(fleet, sample.edge)

                for name in ["server", "web-1"] {
                    try await fleet.process(name).killNow()
                }
                try await fleet.startServer(edge: sample.edge)
                try await fleet.startAgent("web-1", address: sample.address(1))
                try await expectNoGaps(fleet)
                try await expectReading(fleet)
            }
        }

        /// The balancer says which instance answered, and of which release.
        private func expectRequests(_ fleet: TestFleet, _ edge: String) async throws {
            for _ in 0..<4 { _ = try await curl(edge + "/?order=7", host: "demo.localhost", fleet) }
            let filter = "app:demo process:haproxy source:haproxy release:=r1 status:200 path:\"order=7\" level:info"
            try await eventually("Lines of the balancer", within: 40) { try await count(fleet, filter) == 4 }
            let table = try await fleet.client.searchLogs(.init(query: filter + " | count by instance", from: "-1h"))
                .table
            #expect(table?.rows.count == 2)
            let shown = try await fleet.succeed("logs", "demo.haproxy", "order=7", "--since", "1h")
            #expect(shown.data.contains("GET /?order=7 HTTP/1.1"))
        }

        /// Every number once, from each instance: nothing was lost, nothing is there twice.
        private func expectNoGaps(_ fleet: TestFleet) async throws {
            for host in ["web-1", "web-2"] {
                try await eventually("Lines of \(host) after the kill", within: 40) {
                    let filter = "app:demo process:talker host:=\(host)"
                    let lines =
                        try await fleet.client.searchLogs(.init(query: filter, from: "-1h"), limit: 10_000).lines ?? []
                    let numbers = lines.compactMap { Int($0.message.split(separator: " ").dropFirst().first ?? "") }
                        .sorted()
                    guard let last = numbers.last, last > 40 else { return false }
                    guard numbers == Array(1...last) else {
                        let doubled = Set(numbers.filter { number in numbers.count(where: { $0 == number }) > 1 })
                        let missing = Set(1...last).subtracting(numbers)
                        throw Trouble(description: "\(host): missing \(missing.sorted()), twice \(doubled.sorted())")
                    }
                    return true
                }
            }
        }

        /// What people read with.
        private func expectReading(_ fleet: TestFleet) async throws {
            let shown = try await fleet.succeed("logs", "demo.talker", "level:warn", "--since", "1h")
            #expect(shown.data.contains("WARN order 5 packed"))
            let table = try await fleet.succeed("logs", "app:demo | count by level", "--since", "1h")
            #expect(table.data.contains("LEVEL") && table.data.contains("warn"))
            let errors = try await fleet.succeed("logs", "errors", "demo")
            #expect(errors.data.contains("cannot reach depot <*>"))
            // What the server and its agents log goes the same way.
            #expect(try await count(fleet, "app:apus process:server") > 0)
            #expect(try await count(fleet, "app:apus process:agent host:=web-1") > 0)
            let fields = try await fleet.succeed("logs", "fields", "app:demo")
            #expect(fields.data.contains("duration"))
            let sent = try await fleet.succeed("logs", "send", "backup done", "--label", "job=backup")
            #expect(sent.data.contains("1 line kept"))
            #expect(try await count(fleet, "job:backup \"backup done\"") == 1)
            let refused = try await fleet.apus("logs", "level:>=warn (", "--since", "1h")
            #expect(refused.code == 1 && refused.words.contains("logs.query-invalid"))
        }

        private static let bulk = """
            import os, sys
            from elasticsearch import Elasticsearch, helpers
            client = Elasticsearch(sys.argv[1], basic_auth=("any", sys.argv[2]))
            lines = [{"_index": "orders", "_op_type": "create", "@timestamp": sys.argv[3], "message": "bulk line %d" % n, "n": n}
                     for n in range(1000)]
            print(helpers.bulk(client, lines))
            """
        private static let openTelemetry = """
            import logging, sys
            from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
            from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
            from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
            from opentelemetry.sdk.resources import Resource
            provider = LoggerProvider(resource=Resource.create({"service.name": "orders"}))
            exporter = OTLPLogExporter(endpoint=sys.argv[1] + "/v1/logs", headers={"authorization": "Bearer " + sys.argv[2]})
            provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
            log = logging.getLogger("orders")
            log.addHandler(LoggingHandler(logger_provider=provider))
            for number in range(50):
                log.warning("exported line %d", number, extra={"order": number})
            provider.shutdown()
            """

        @Test("Elasticsearch's own client and OpenTelemetry's exporter ship lines", .timeLimit(.minutes(2)))
        func foreign() async throws {
            let sample = try sample(252)
            try await TestFleet.with { fleet in
                try await fleet.commit(sample.files, "Begin")
                try await fleet.startServer(edge: sample.edge)
                let server = try fleet.current
                try await send(Self.bulk, [server.url, server.token, "2026-01-02T03:04:05.678Z"], fleet)
                try await send(Self.openTelemetry, [server.url, server.token], fleet)
                let bulk = try await fleet.client.searchLogs(
                    .init(query: "n:>=990 \"bulk line\"", from: "2026-01-02T03:00:00Z", until: "2026-01-02T04:00:00Z"))
                #expect(bulk.lines?.count == 10)
                #expect(bulk.lines?.allSatisfy { $0.time.hasPrefix("2026-01-02T03:04:05.678") } == true)
                #expect(try await count(fleet, "level:warn \"exported line\"") == 50)
            }
        }

        private func send(_ program: String, _ arguments: [String], _ fleet: TestFleet) async throws {
            let root = String(#filePath.split(separator: "/Tests/EndToEndTests/")[0])
            let python = "/\(root.drop { $0 == "/" })/.build/python/bin/python"
            let log = fleet.logs.appending("sender.log")
            let child = try ChildProcess([python, "-c", program] + arguments, data: log, words: log)
            let code = try await child.end(within: 60)
            #expect(code == 0, "\((try? String(contentsOfFile: log.string, encoding: .utf8)) ?? "")")
        }
    }
}
