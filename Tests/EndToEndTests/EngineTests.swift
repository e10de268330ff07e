import Core
import Testing
import Wire

extension EndToEndTests {
    @Suite("Both engines")
    struct EngineTests {
        @Test(
            "forward and back under load without a failed request, and the end says what was served how fast",
            .timeLimit(.minutes(2)), arguments: BalancerEngine.allCases)
        func forwardAndBack(_ engine: BalancerEngine) async throws {
            var sample = try SampleRepository(base: engine == .nginx ? 236 : 240)
            sample.engine = engine.rawValue
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await load.served(100)
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    let deploy = try await fleet.succeed("deploy", "demo", "--wait")
                    // The commit may have been carried out before the command came.
                    if !deploy.data.contains("nothing had to be changed") { expectProof(deploy.data) }
                    try await load.answered(by: 2)
                    let rollback = try await fleet.succeed("rollback", "demo", "--yes", "--wait")
                    expectProof(rollback.data)
                    #expect(try await fleet.releasesServing("demo") == [1])
                }
            }
        }

        /// `r2 served 1,234 requests, 0 failed, p50 2 ms, p99 9 ms`, of each release that served meanwhile.
        private func expectProof(_ text: String) {
            let lines = text.split(separator: "\n").filter { $0.contains(" served ") }
            #expect(!lines.isEmpty, "\(text)")
            for line in lines {
                #expect(line.contains(" 0 failed") && line.contains("p50 ") && line.contains("p99 "), "\(text)")
            }
        }
    }
}
