import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    @Suite("Servers and agents that die")
    struct RestartTests {
        @Test(
            "a server that dies in the middle of a rollout goes on with it, and no request fails",
            .timeLimit(.minutes(2)))
        func serverDies() async throws {
            var sample = try SampleRepository(base: 40)
            // So many that the rollout is far from its end when the server dies.
            sample.instances = 8
            try await TestFleet.withServerAndAgents(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    try await fleet.succeed("deploy", "demo", "--no-wait")
                    // In the middle: one of the new serves, and not all of them.
                    try await load.answered(by: 2)
                    #expect(try await fleet.client.executions(running: true).count == 1)
                    try await fleet.process("server").killNow()
                    try await load.served(40)
                    try await fleet.startServer(edge: sample.edge)
                    try await eventually("The execution's end") {
                        let executions = try await fleet.client.executions()
                        return !executions.isEmpty && executions.allSatisfy { $0.state.isEnded }
                    }
                    try await fleet.allServing("demo")
                }
                #expect(try await fleet.releasesServing("demo").count == 1)
                let findings = try await fleet.client.doctor()
                let audit = try #require(findings.first { $0.name.contains("audit") }, "\(findings.map(\.name))")
                #expect(audit.problem == nil, "\(audit)")
            }
        }

        @Test("what an agent holds outlives it, and the next agent takes it over", .timeLimit(.minutes(2)))
        func agentDies() async throws {
            let sample = try SampleRepository(base: 50)
            try await TestFleet.withServerAndAgents(sample) { fleet in
                func processIDs() async throws -> [String: Int32?] {
                    Dictionary(uniqueKeysWithValues: try await fleet.serving("demo").map { ("\($0.id)", $0.processID) })
                }
                let before = try await processIDs()
                #expect(before.count == 2)
                try await TestLoad.expectNoFailure(fleet) { load in
                    for (number, host) in ["edge-1", "web-1"].enumerated() {
                        try await fleet.process(host).killNow()
                        try await load.served(40)
                        try await fleet.startAgent(host, address: sample.address(number))
                    }
                    try await fleet.allServing("demo")
                    #expect(try await processIDs() == before)
                    // The new agents are as good as the old: they carry out a deploy.
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    try await fleet.deploy("demo")
                    try await load.answered(by: 2)
                }
                #expect(try await fleet.releasesServing("demo") == [2])
            }
        }
    }
}
