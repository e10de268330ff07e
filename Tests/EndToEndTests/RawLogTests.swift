import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Syslog and raw logs of a server")
    struct RawLogTests {
        private static let talker = """
            import json, time
            number = 0
            while True:
                number += 1
                print(json.dumps({"msg": "order %d packed" % number, "mail": "someone@example.org"}), flush=True)
                time.sleep(0.1)
            """

        private func sample() throws -> SampleRepository {
            var sample = try SampleRepository(base: 240)
            sample.policy = """
                logs:
                  redact: [{ kinds: [email] }]
                  raw: [{ labels: { app: demo, process: talker }, age: 30d }]

                """
            sample.processes = """
                  talker:
                    run: python3 talk.py
                    on: { labels: { role: web } }
                    instances: 1
                """
            return sample
        }

        private func found(_ fleet: TestFleet, _ query: String) async throws -> [LogLineView] {
            try await fleet.client.searchLogs(.init(query: query, from: "-1h"), limit: 1000).lines ?? []
        }

        @Test(
            "what logger sends is found; what an instance wrote is in the archive as it was, without secrets",
            .timeLimit(.minutes(3)))
        func server() async throws {
            let sample = try sample()
            try await TestFleet.with { fleet in
                var files = sample.files
                files["src/demo/talk.py"] = Self.talker
                try await fleet.commit(files, "Begin")
                let port = try freePort()
                let options = [
                    "--archive", fleet.folder.appending("archive").string, "--syslog", "127.0.0.1:\(port)",
                ]
                try await fleet.startServer(edge: sample.edge, options: options)
                try await eventually("The configuration") { try await fleet.client.configuration() }
                try await fleet.startAgent("edge-1", address: sample.address(0))
                try await fleet.startAgent("web-1", address: sample.address(1))
                try await fleet.succeed("deploy", "demo", "--wait")
                for way in ["--tcp", "--udp"] { try await log(way, port: port, fleet) }
                try await eventually("Lines of syslog") { try await found(fleet, "source:syslog").count == 2 }
                for line in try await found(fleet, "source:syslog \"said by\"") {
                    #expect(line.labels["app"] == "door" && line.level == "error" && line.fields["msgid"] == "OPEN")
                    #expect(line.fields["facility"] == "local2" && line.fields["x@1.key"] == "7")
                }
                try await eventually("Lines of the talker") { try await found(fleet, "process:talker").count > 30 }

                // What the server had written so far is stored by the next one.
                try await fleet.process("server").killNow()
                try await fleet.startServer(edge: sample.edge, options: options)
                let objects = try await eventually("Raw logs") {
                    let list = try await fleet.client.rawLogs(host: "web-1", app: "demo", from: "-1h")
                    return list.isEmpty ? nil : list
                }
                let object = try #require(objects.first)
                #expect(object.name.hasPrefix("demo.talker."))
                let text = try await fleet.succeed("logs", "raw", "get", String(object.key.prefix(12))).data
                let lines = text.split(separator: "\n")
                #expect(lines.count == object.lines && lines.count > 30)
                for (number, line) in lines.enumerated() {
                    #expect(line == #"{"msg": "order \#(number + 1) packed", "mail": "[redacted]"}"#)
                }
                let shown = try await fleet.succeed("logs", "raw", "--host", "web-1").data
                #expect(shown.contains("web-1") && shown.contains(object.name))
                let refused = try await fleet.apus("logs", "raw", "get", "0000")
                #expect(refused.code == 1 && refused.words.contains("logs.raw-unknown"))
            }
        }

        @Test("what a host wrote last is on the server when its agent has ended", .timeLimit(.minutes(2)))
        func farewell() async throws {
            var sample = try sample()
            try await TestFleet.with { fleet in
                let file = fleet.folder.appending("app.log")
                sample.policy = "logs: { files: { app: { paths: \(file) } } }\n"
                try await fleet.commit(sample.files, "Begin")
                try await fleet.startServer(edge: sample.edge)
                try await eventually("The configuration") { try await fleet.client.configuration() }
                try await fleet.startAgent("web-1", address: sample.address(1))
                func write(_ text: String) throws {
                    let descriptor = try FileDescriptor.open(
                        file, .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
                    try descriptor.closeAfter { _ = try descriptor.writeAll(text.utf8) }
                }
                try write("the first\n")
                try await eventually("The first line") { try await found(fleet, "first").count == 1 }
                // Nobody else looks whether they are there before the agent ends.
                try write((0..<500).map { "the last \($0)\n" }.joined())
                let agent = try fleet.process("web-1")
                agent.signal(SIGTERM)
                #expect(try await agent.end(within: 20) == 0)
                #expect(try await found(fleet, "last").count == 500)
            }
        }

        private func log(_ way: String, port: Int, _ fleet: TestFleet) async throws {
            let words = fleet.logs.appending("logger.log")
            let child = try ChildProcess(
                [
                    "logger", way, "--server", "127.0.0.1", "--port", "\(port)", "--rfc5424", "--priority",
                    "local2.err", "--tag", "door", "--msgid", "OPEN", "--sd-id", "x@1", "--sd-param", "key=\"7\"",
                    "said by \(way)",
                ], data: words, words: words)
            #expect(try await child.end(within: 10) == 0)
        }
    }
}
