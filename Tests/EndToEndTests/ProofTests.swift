import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("The proof of a rollout")
    struct ProofTests {
        /// Takes notifications, a line of JSON each.
        private static let receiver = """
            import http.server, json, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["content-length"])).decode()
                    is_signed = self.headers["webhook-signature"].startswith("v1,")
                    with open(sys.argv[1], "a") as file:
                        file.write(json.dumps({"signed": is_signed, "body": json.loads(body)}) + "\\n")
                    self.send_response(204)
                    self.end_headers()
                def log_message(self, *_):
                    pass
            server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
            server.serve_forever()
            """

        private struct Line: Decodable {
            var signed: Bool
            var body: NotificationBody
        }

        private func lines(_ path: FilePath) throws -> [Line] {
            let text = (try? String(contentsOfFile: path.string, encoding: .utf8)) ?? ""
            // The last line may be half written.
            return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        }

        @Test(
            "every request of a deploy under load is counted for the release that answered it, shown, and told to a hook",
            .timeLimit(.minutes(2)))
        func deploy() async throws {
            var sample = try SampleRepository(base: 220)
            let port = try freePort()
            sample.policy =
                "notify:\n  chat: { webhook: 'http://127.0.0.1:\(port)/hook', secret: chat, loopback: true }\n"
            try await TestFleet.with { fleet in
                let told = fleet.folder.appending("told.jsonl")
                let log = fleet.logs.appending("receiver.log")
                let receiver = try ChildProcess(
                    ["python3", "-c", Self.receiver, told.string, "\(port)"], data: log, words: log)
                do {
                    try await fleet.commit(sample.files, "Begin")
                    try await fleet.startDev(fleet.repository)
                    let secrets = fleet.folder.appending("state/secrets")
                    try FileManager.default.createDirectory(atPath: secrets.string, withIntermediateDirectories: true)
                    try PrivateFile.write(
                        Array("0123456789abcdef0123456789abcdef".utf8), to: secrets.appending("chat").string)
                    try await fleet.deploy("demo")
                    try await rollOut(fleet)
                    try await expectNotifications(fleet, told)
                } catch {
                    receiver.signal(SIGTERM)
                    throw error
                }
                receiver.signal(SIGTERM)
                _ = try await receiver.end(within: 10)
            }
        }

        private func rollOut(_ fleet: TestFleet) async throws {
            var execution: ExecutionID?
            var served = 0
            try await TestLoad.expectNoFailure(fleet) { load in
                try await load.served(100)
                try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                let deploy = try await fleet.succeed("deploy", "demo", "--wait")
                // The commit may have been carried out before the command came.
                let isShown = deploy.data.contains("r1 served ") && deploy.data.contains(" 0 failed")
                #expect(isShown || deploy.data.contains("nothing had to be changed"), "\(deploy.data)")
                let deploys = try await fleet.client.executions(of: AppName("demo")).filter { $0.kind == .deploy }
                execution = deploys.first?.id
                try await load.answered(by: 2)
                served = try load.read().served
            }
            let id = try #require(execution)
            func total(_ traffic: ExecutionTraffic) -> Int64 {
                traffic.releases.reduce(0) { $0 + $1.before.requests + $1.during.requests + $1.after.requests }
            }
            try await eventually("All requests counted", within: 10) {
                guard let traffic = try await fleet.client.execution(id).traffic else { return false }
                return total(traffic) >= served
            }
            let traffic = try #require(try await fleet.client.execution(id).traffic)
            #expect(traffic.releases.map(\.release) == [2, 1])
            #expect(traffic.releases.allSatisfy { $0.before.failed + $0.during.failed + $0.after.failed == 0 })
            #expect(traffic.releases.last.map { $0.before.requests > 0 && $0.during.requests > 0 } == true)
            let shown = try await fleet.succeed("executions", id.text)
            #expect(shown.data.contains("RELEASE") && shown.data.contains("during"), "\(shown.data)")
        }

        private func expectNotifications(_ fleet: TestFleet, _ told: FilePath) async throws {
            try await eventually("The end of the deploy being told") {
                let ends = try lines(told).map(\.body).filter { $0.kind == .executionSucceeded }
                return ends.count { $0.execution?.kind == .deploy } >= 2
            }
            let all = try lines(told)
            let areSigned = all.allSatisfy { $0.signed }
            #expect(areSigned)
            let deploys = all.filter { $0.body.execution?.kind == .deploy }.map(\.body)
            #expect(deploys.first?.kind == .executionStarted)
            let last = deploys.last { $0.kind == .executionSucceeded }
            #expect(last?.execution?.traffic?.releases.contains { $0.during.requests > 0 } == true)
            let test = try await fleet.succeed("notify", "test", "chat")
            #expect(test.data.contains("chat took it"), "\(test.data)")
            try await eventually("The test being told") {
                try lines(told).contains { $0.body.kind == .test }
            }
            let list = try await fleet.succeed("notify")
            #expect(list.data.contains("(not-shown)") && list.data.contains("well"), "\(list.data)")
        }
    }
}
