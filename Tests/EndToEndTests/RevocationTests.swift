import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Hosts that are shut out")
    struct RevocationTests {
        @Test(
            "a revoked host is out at once and stays out over restarts, until it joins with a new token",
            .timeLimit(.minutes(2)))
        func revoked() async throws {
            var sample = try SampleRepository(base: 210)
            sample.webHosts = 1
            try await TestFleet.withServerAndAgents(sample) { fleet in
                let web = try HostName("web-1")
                let unused = try await fleet.succeed("token", "join", "web-1").data
                let refused = try await fleet.apus("revoke", "web-1")
                #expect(refused.code == 1, "nothing is done without a yes: \(refused.words)")
                try await fleet.succeed("revoke", "web-1", "--yes")
                func isOut() async throws -> Bool {
                    try await fleet.client.hosts().contains { $0.name == web && $0.contact != .connected }
                }
                try await eventually("The connection's end", within: 5, holds: isOut)
                try await eventually("The refusal in doctor") {
                    let finding = try await fleet.client.doctor().first { $0.name == "agents" }
                    return finding?.problem?.cause.contains("web-1") == true
                        && finding?.problem?.cause.contains("revoked") == true
                }
                try await fleet.process("server").killNow()
                try await fleet.startServer(edge: sample.edge)
                try await eventually("The refusal after a restart") {
                    let finding = try await fleet.client.doctor().first { $0.name == "agents" }
                    return finding?.problem?.cause.contains("web-1") == true
                }
                #expect(try await isOut())
                // A token from before is as useless as the certificate.
                try await Self.expectUseless(unused, fleet, sample)
                let before = try await fleet.instances("demo").compactMap(\.processID)
                try await Self.end("web-1", fleet)
                try await fleet.startAgent("web-1", address: sample.address(1), joins: true)
                try await fleet.allServing("demo")
                #expect(Set(try await fleet.instances("demo").compactMap(\.processID)).isSuperset(of: before))
                // What it was given now is good for as long as any.
                try await Self.end("web-1", fleet)
                try await fleet.startAgent("web-1", address: sample.address(1))
                let audited = try await fleet.client.audit(limit: 1000).filter { $0.action == "host.revoke" }
                #expect(audited.map(\.outcome) == [.succeeded, .begun] && audited[0].subject == "host/web-1")
                let unknown = try await fleet.apus("revoke", "web-9", "--yes")
                #expect(unknown.code == 1 && unknown.words.contains("host.unknown"), "\(unknown.words)")
            }
        }

        private static func end(_ host: String, _ fleet: TestFleet) async throws {
            let process = try fleet.process(host)
            process.signal(SIGTERM)
            _ = try await process.end(within: 20)
        }

        /// A plan is approved by its number: a file, or a number of nobody's, carries nothing out.
        @Test("plans that the server did not make are not carried out", .timeLimit(.minutes(1)))
        func forgedPlans() async throws {
            let sample = try SampleRepository(base: 232)
            try await TestFleet.withDev(sample) { fleet in
                let plan = try await fleet.succeed("plan", "demo", "--deploy", "--json").data
                let file = fleet.folder.appending("plan.json")
                try Data(plan.replacing("web-1", with: "web-2").utf8).write(to: URL(filePath: file.string))
                let executions = try await fleet.client.executions().count
                for forged in [file.string, "p1", "../../plans/1", "lzzzzzzz-1", plan.prefix(300).description] {
                    let approved = try await fleet.apus("approve", forged, "--yes")
                    #expect(approved.code == 1 && approved.words.contains("["), "\(forged): \(approved.words)")
                }
                #expect(try await fleet.client.executions().count == executions)
            }
        }

        private static func expectUseless(_ token: String, _ fleet: TestFleet, _ sample: SampleRepository) async throws
        {
            let path = fleet.folder.appending("unused.join")
            try Data(token.utf8).write(to: URL(filePath: path.string))
            let root = fleet.folder.appending("thief")
            let ended = try await fleet.apus(
                [
                    "agent", "--server", fleet.agentsAddress, "--host", "web-1", "--address", sample.address(1),
                    "--root", root.string, "--join-file", path.string,
                ], within: 20)
            #expect(ended.code == 1 && ended.words.contains("join.refused"), "\(ended.words)")
        }
    }
}
