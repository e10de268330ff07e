import Core
import Testing
import Wire

extension EndToEndTests {
    @Suite("Releases that fail")
    struct RolloutFailureTests {
        @Test(
            "a release that fails goes back by itself, and no request fails",
            .timeLimit(.minutes(2)))
        func goesBack() async throws {
            var sample = try SampleRepository(base: 20)
            // So many that the first turn unhealthy before the last begin.
            sample.instances = 6
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    var version = 1
                    for behaviour in [SampleRepository.Behaviour.exits, .neverHealthy, .turnsUnhealthy] {
                        version += 1
                        try await fails(version, behaviour, fleet)
                    }
                    // What is mended goes on.
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 9)], "Mended")
                    try await fleet.deploy("demo")
                    try await load.answered(by: 9)
                }
                let audit = try await fleet.client.audit(limit: 1000)
                #expect(audit.filter { $0.action == "deploy" && $0.outcome == .failed }.count == 3)
            }
        }

        private func fails(_ version: Int, _ behaviour: SampleRepository.Behaviour, _ fleet: TestFleet) async throws {
            try await fleet.commit(
                ["src/demo/app.py": SampleRepository.program(version: version, behaviour)], "Version \(version)")
            let deploy = try await fleet.apus("deploy", "demo", "--wait")
            #expect(deploy.code == 1, "\(behaviour): \(deploy.data)\(deploy.words)")
            #expect(
                deploy.words.contains("demo.web") || deploy.data.contains("demo.web"),
                "\(behaviour): \(deploy.data)\(deploy.words)")
            try await eventually("One release after \(behaviour)") {
                let running = try await fleet.client.executions(running: true)
                let found = try await fleet.instances("demo")
                return running.isEmpty && found.count == 6 && Set(found.map(\.release)) == [1]
            }
            try await fleet.allServing("demo")
        }
    }
}
