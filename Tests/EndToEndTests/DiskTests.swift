import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Disks that are full, or fail")
    struct DiskTests {
        private static let isRoot = geteuid() == 0
        private static let canTrace = FileManager.default.fileExists(atPath: "/usr/bin/strace")

        /// Each answered action has its beginning and its end in a whole log.
        private static func expectAudited(_ labels: [String], _ fleet: TestFleet) async throws {
            let entries = try await fleet.client.audit(limit: 1000).filter { $0.action == "token.create" }
            for outcome in [AuditView.Outcome.begun, .succeeded] {
                let found = Set(entries.filter { $0.outcome == outcome }.map(\.subject))
                #expect(found.isSuperset(of: labels.map { "token/\($0)" }), "\(outcome)")
            }
            let finding = try await fleet.client.doctor().first { $0.name == "audit log" }
            #expect(finding?.problem == nil, "\(String(describing: finding))")
        }

        @Test(
            "a server whose disk fails says so, keeps what it answered, and goes on after a restart",
            .timeLimit(.minutes(1)), .enabled(if: canTrace, "strace is not here: bin/setup installs it"))
        func failingDisk() async throws {
            let sample = try SampleRepository(base: 180)
            try await TestFleet.with { fleet in
                try await fleet.commit(sample.files, "Begin")
                try await fleet.startServer(edge: sample.edge)
                try await eventually("The configuration") { try await fleet.client.configuration() }
                try await fleet.process("server").killNow()
                let log = fleet.serverState.appending("state.db-wal").string
                let tracer = Self.tracer("pwrite64", "error=EIO:when=60+") + ["--seccomp-bpf", "-P", log]
                try await fleet.startServer(edge: sample.edge, under: tracer)
                var answered: [String] = []
                let problem = try await eventually("The disk's failure") {
                    let problem = try await Self.refusal(of: "e\(answered.count)", fleet)
                    if problem == nil { answered.append("e\(answered.count)") }
                    return problem
                }
                #expect(problem.code == "state.disk-failed", "\(problem)")
                // It answers everybody so, and does not crash.
                let asked = try await fleet.apus("status")
                #expect(asked.code == 1 && asked.words.contains("state.disk-failed"), "\(asked.words)")
                #expect(try fleet.process("server").poll() == nil)
                try await fleet.process("server").killNow()
                try await fleet.startServer(edge: sample.edge)
                #expect(Set(try await fleet.client.tokens().map(\.label)).isSuperset(of: answered))
                try await Self.expectAudited(answered, fleet)
            }
        }

        @Test(
            "a server whose disk is full refuses what it cannot keep, and takes it when there is space",
            .timeLimit(.minutes(2)), .enabled(if: isRoot, "small file systems are root's to mount"))
        func fullServer() async throws {
            let sample = try SampleRepository(base: 190)
            try await TestFleet.with { fleet in
                let disk = try SmallDisk(at: fleet.serverState, megabytes: 24)
                fleet.atEnd { disk.remove() }
                try await Self.run(sample, on: fleet)
                try disk.fill()
                let app = try AppName("demo")
                let request = ScaleRequest(process: try ProcessName("web"), count: 3)
                let problem = try await eventually("The refusal", within: 10) {
                    try await Self.refusal(of: "more", fleet)
                }
                #expect(problem.code == "state.full" && problem.remedy.contains("Free space"), "\(problem)")
                let refused = try await fleet.apus(["scale", "demo", "web=3", "--no-wait"], within: 10)
                #expect(refused.code == 1 && refused.words.contains("state.full"), "\(refused.words)")
                #expect(try await fleet.serving("demo").count == 2)
                disk.free()
                _ = try await eventually("The scale being taken") { try await fleet.client.scale(app, request) }
                try await eventually("Three instances") { try await fleet.serving("demo").count == 3 }
                #expect(try fleet.process("server").poll() == nil)
                let finding = try await fleet.client.doctor().first { $0.name == "state" }
                #expect(finding?.problem == nil, "\(String(describing: finding))")
            }
        }

        @Test(
            "a host whose disk is full fails a deploy in words and serves on, and takes it when there is space",
            .timeLimit(.minutes(2)), .enabled(if: isRoot, "small file systems are root's to mount"))
        func fullHost() async throws {
            var sample = try SampleRepository(base: 200)
            sample.webHosts = 1
            try await TestFleet.with { fleet in
                let disk = try SmallDisk(at: fleet.agentRoot("web-1"), megabytes: 8)
                fleet.atEnd { disk.remove() }
                try await Self.run(sample, on: fleet)
                try disk.fill()
                try await TestLoad.expectNoFailure(fleet) { _ in
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    let deploy = try await fleet.apus("deploy", "demo", "--wait")
                    #expect(deploy.code == 1, "\(deploy.data)\(deploy.words)")
                    #expect((deploy.data + deploy.words).contains("No space left on device"), "\(deploy.words)")
                    #expect(try await fleet.releasesServing("demo") == [1])
                    #expect(try fleet.process("web-1").poll() == nil)
                    disk.free()
                    try await fleet.deploy("demo")
                }
                #expect(try await fleet.releasesServing("demo") == [2])
            }
        }

        @Test(
            "a host whose disk fails a deploy in words and serves on, and takes it after a restart",
            .timeLimit(.minutes(2)), .enabled(if: canTrace, "strace is not here: bin/setup installs it"))
        func failingHost() async throws {
            var sample = try SampleRepository(base: 244)
            sample.webHosts = 1
            try await TestFleet.with { fleet in
                try await Self.run(sample, on: fleet)
                try await TestLoad.expectNoFailure(fleet) { _ in
                    try await fleet.process("web-1").killNow()
                    // Nothing that it writes is known to be on the disk.
                    try await fleet.startAgent(
                        "web-1", address: sample.address(1), under: Self.tracer("fsync,syncfs", "error=EIO"))
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    let deploy = try await fleet.apus("deploy", "demo", "--wait")
                    #expect(deploy.code == 1, "\(deploy.data)\(deploy.words)")
                    #expect((deploy.data + deploy.words).contains("Input/output error"), "\(deploy.words)")
                    #expect(try await fleet.releasesServing("demo") == [1])
                    #expect(try fleet.process("web-1").poll() == nil)
                    try await fleet.process("web-1").killNow()
                    try await fleet.startAgent("web-1", address: sample.address(1))
                    try await fleet.deploy("demo")
                }
                #expect(try await fleet.releasesServing("demo") == [2])
            }
        }

        /// Why a token of that name was not made; nil: it was.
        private static func refusal(of label: String, _ fleet: TestFleet) async throws -> Problem? {
            do {
                _ = try await fleet.client.createToken(TokenRequest(label: label, role: .viewer))
                return nil
            } catch let problem as Problem {
                return problem
            }
        }

        private static func run(_ sample: SampleRepository, on fleet: TestFleet) async throws {
            try await fleet.commit(sample.files, "Begin")
            try await fleet.startServer(edge: sample.edge)
            try await eventually("The configuration") { try await fleet.client.configuration() }
            try await fleet.startAgent("edge-1", address: sample.address(0))
            for number in 1...sample.webHosts {
                try await fleet.startAgent("web-\(number)", address: sample.address(number))
            }
            try await fleet.deploy("demo")
        }

        /// `-D`: the tracer is the grandchild, so that signals reach the server itself.
        private static func tracer(_ calls: String, _ injection: String) -> [String] {
            [
                "strace", "-D", "-f", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
                "inject=\(calls):\(injection)",
            ]
        }
    }
}
