import Core
import Testing
import Wire

extension EndToEndTests {
    @Suite("Strategies")
    struct StrategyTests {
        @Test(
            "a canary that fails requests goes back by what the balancer has counted; one that does not is promoted",
            .timeLimit(.minutes(3)))
        func canary() async throws {
            var sample = try SampleRepository(base: 120)
            sample.rollout =
                "strategy: canary, canary: { instances: 1, traffic: 30%, hold: 8s, requests-min: 20 }, settle: 0s"
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.during(fleet) { load in
                    try await fleet.commit(
                        ["src/demo/app.py": SampleRepository.program(version: 2, .failsRequests)], "Broken")
                    let broken = try await fleet.apus("deploy", "demo", "--wait")
                    #expect(broken.code == 1, "\(broken.data)\(broken.words)")
                    let failed = try #require(
                        try await fleet.client.executions(limit: 20).first {
                            $0.kind == .deploy && $0.state == .failed
                        })
                    #expect(failed.problem?.code == "rollout.judged", "\(String(describing: failed.problem))")
                    let found = try await fleet.client.execution(failed.id).steps.flatMap(\.findings)
                    #expect(found.contains { $0.hasPrefix("errors failed") }, "\(found)")
                    try await eventually("The release before everywhere") {
                        Set(try await fleet.instances("demo").map(\.release)) == [1]
                    }
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 3)], "Mended")
                    let mended = try await fleet.apus("deploy", "demo", "--wait")
                    #expect(mended.code == 0, "\(mended.data)\(mended.words)")
                    #expect(try await fleet.releasesServing("demo") == [3])
                    try await load.answered(by: 3)
                }
            }
        }

        @Test(
            "an app that comes after another is deployed after it, and not when that fails",
            .timeLimit(.minutes(3)))
        func order() async throws {
            let sample = try SampleRepository(base: 140)
            try await TestFleet.with { fleet in
                var files = sample.files
                files["apps/base.yaml"] = sample.app("base", instances: 1)
                files["src/base/app.py"] = SampleRepository.program(version: 1)
                files["apps/demo.yaml"] = sample.app("demo") + "after: base\n"
                try await fleet.commit(files, "Begin")
                try await fleet.startDev(fleet.repository)
                try await fleet.deploy("demo")
                let first = try await fleet.client.executions(limit: 10).filter { $0.kind == .deploy }
                #expect(first.map(\.app.text) == ["demo", "base"], "the newest first")

                try await fleet.commit(
                    [
                        "src/base/app.py": SampleRepository.program(version: 2, .exits),
                        "src/demo/app.py": SampleRepository.program(version: 2),
                    ], "Broken")
                let broken = try await fleet.apus("deploy", "demo", "base", "--wait")
                #expect(broken.code == 1 && broken.words.contains("deploy.parent-failed"), "\(broken)")
                #expect(try await fleet.releasesServing("demo") == [1])

                try await fleet.commit(["src/base/app.py": SampleRepository.program(version: 3)], "Mended")
                let mended = try await fleet.apus("deploy", "demo", "base", "--wait")
                #expect(mended.code == 0, "\(mended)")
                #expect(try await fleet.releasesServing("demo") == [2])
            }
        }

        @Test(
            "a migration runs once before its release; one that fails changes nothing; a pause waits for a person",
            .timeLimit(.minutes(3)))
        func onceAndPause() async throws {
            var sample = try SampleRepository(base: 130)
            sample.processes = """
                  migrate:
                    run: python3 migrate.py
                    once: true
                    on: { labels: { role: web } }
                """
            try await TestFleet.with { fleet in
                var files = sample.files
                files["src/demo/migrate.py"] = "print('tables made')\n"
                try await fleet.commit(files, "Begin")
                try await fleet.startDev(fleet.repository)
                try await fleet.deploy("demo")
                #expect(try await fleet.releasesServing("demo") == [1])
                #expect(try await fleet.instances("demo").allSatisfy { $0.process.text == "web" })
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await fleet.commit(
                        [
                            "src/demo/migrate.py": "import sys\nprint('no such table')\nsys.exit(3)\n",
                            "src/demo/app.py": SampleRepository.program(version: 2),
                        ], "Broken")
                    let broken = try await fleet.apus("deploy", "demo", "--wait")
                    #expect(broken.code == 1 && (broken.words + broken.data).contains("no such table"), "\(broken)")
                    try await fleet.allServing("demo")
                    #expect(Set(try await fleet.instances("demo").map(\.release)) == [1])

                    sample.rollout = "settle: 500ms, pause: first-batch"
                    try await fleet.commit(
                        ["src/demo/migrate.py": "print('ok')\n", "apps/demo.yaml": sample.app("demo")], "Mended")
                    let paused = try await eventually("The pause") {
                        try await fleet.client.executions(running: true).first { $0.state == .paused }
                    }
                    #expect(try await fleet.releasesServing("demo").count == 2)
                    _ = try await fleet.succeed("resume", paused.id.text)
                    try await eventually("The new release everywhere") {
                        let running = try await fleet.client.executions(running: true)
                        let releases = try await fleet.releasesServing("demo")
                        return running.isEmpty && releases.count == 1
                    }
                    try await load.answered(by: 2)
                }
            }
        }
    }
}
