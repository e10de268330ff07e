import Core
import FoundationEssentials
import Glibc
import SystemPackage
import Testing
import Wire

extension EndToEndTests {
    /// `APUS_KILL_STEPS=all` kills at every step instead of a few that the seed picks, and
    /// `APUS_KILL_SEED=N` picks as a former run did.
    @Suite("Killed at every step of a rollout")
    struct KillTests {
        /// Who is killed as a step begins: the server, and the agent of the step's host.
        enum Victims: CaseIterable {
            case server
            case agent
            case both
        }

        private static let sampled = 8
        private static let isWhole = getenv("APUS_KILL_STEPS").map { String(cString: $0) } == "all"
        private static let seed: UInt64 =
            getenv("APUS_KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0 ... .max)

        @Test("each execution comes to its end, and no request fails", .timeLimit(.minutes(isWhole ? 20 : 5)))
        func everyStep() async throws {
            let sample = try SampleRepository(base: 224)
            try await TestFleet.withServerAndAgents(sample) { fleet in
                var version = 1
                let steps = try await Self.stepCount(fleet, &version)
                let rounds = Self.rounds(steps: steps)
                print("kills: seed \(Self.seed), \(rounds.count) of \(steps) steps × \(Victims.allCases.count)")
                for (step, victims) in rounds {
                    version += 1
                    let hint = "step \(step), \(victims), seed \(Self.seed)"
                    try await TestLoad.expectNoFailure(fleet) { load in
                        try await Self.round(fleet, sample, version: version, step: step, victims, hint)
                        try await load.answered(by: version)
                    }
                    try await Self.expectConverged(fleet, hint)
                    try await Self.expectWholeAudit(fleet, hint)
                }
            }
        }

        /// Step 0 is the build.
        private static func rounds(steps: Int) -> [(Int, Victims)] {
            let all = [(0, Victims.server)] + (1...steps).flatMap { step in Victims.allCases.map { (step, $0) } }
            guard !isWhole else { return all }
            var chance = SplitMix(state: seed)
            return [all[0]] + all.dropFirst().shuffled(using: &chance).prefix(sampled)
        }

        /// How many steps a rollout has: it is carried out once, whole.
        private static func stepCount(_ fleet: TestFleet, _ version: inout Int) async throws -> Int {
            version += 1
            try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: version)], "\(version)")
            try await fleet.deploy("demo")
            let last = try await fleet.client.executions(limit: 10).first { $0.kind == .deploy }
            return try #require(last).stepsTotal
        }

        private static func round(
            _ fleet: TestFleet, _ sample: SampleRepository, version: Int, step: Int, _ victims: Victims, _ hint: String
        ) async throws {
            let files = ["src/demo/app.py": SampleRepository.program(version: version)]
            try await fleet.commit(files, "Version \(version)")
            let accepted = try await fleet.client.deploy(try AppName("demo"))
            let host = step == 0 ? nil : try await begin(of: step, accepted, fleet)
            let agent = victims == .server ? nil : host
            if victims != .agent { try await fleet.process("server").killNow() }
            if let agent { try await fleet.process(agent).killNow() }
            if victims != .agent { try await fleet.startServer(edge: sample.edge) }
            if let agent { try await fleet.startAgent(agent, address: sample.address(ofHost: agent)) }
            try await eventually("The end of every execution (\(hint))", within: 60) {
                let running = try await fleet.client.executions(running: true)
                let serving = try await fleet.serving("demo")
                return running.isEmpty && serving.map(\.release) == Array(repeating: version, count: sample.instances)
            }
        }

        /// Waits until the step is announced.
        /// - Returns: its host, if it has one; the last step's if the execution was faster.
        private static func begin(of step: Int, _ accepted: AcceptedView, _ fleet: TestFleet) async throws -> String? {
            let id = try await eventually("The execution") {
                if let id = accepted.executions.first { return id }
                guard let build = accepted.build else { return nil as ExecutionID? }
                return try await fleet.client.build(build).execution
            }
            for try await event in try fleet.client.executionEvents(id) {
                if event.kind == .stepStarted, event.step == step { break }
            }
            return try await fleet.client.execution(id).steps.first { $0.id == step }?.host?.text
        }

        /// What is desired is live, and every process of an app is one that the server knows of.
        private static func expectConverged(_ fleet: TestFleet, _ hint: String) async throws {
            try await eventually("What is desired being live (\(hint))") {
                try await fleet.apus("plan", "--detailed-exitcode").code == 0
            }
            try await eventually("The end of orphans (\(hint))") {
                let known = Set(try await fleet.instances("demo").compactMap(\.processID))
                let found = ProcessTable().belonging(to: fleet.folder.string).filter {
                    $0.command.hasPrefix("python3 app.py")
                }
                return Set(found.map(\.processID)) == known
            }
        }

        /// Every execution's beginning and end are in the audit log, whoever was killed between.
        private static func expectWholeAudit(_ fleet: TestFleet, _ hint: String) async throws {
            let finding = try await fleet.client.doctor().first { $0.name == "audit log" }
            #expect(finding?.problem == nil, "\(hint): \(String(describing: finding))")
            let executions = try await fleet.client.executions(limit: 1000)
            try await eventually("The audit of every execution (\(hint))", within: 10) {
                let entries = try await fleet.client.audit(limit: 1000)
                return executions.allSatisfy { execution in
                    let outcomes = entries.filter {
                        $0.action == execution.kind.rawValue && $0.detail.hasSuffix("execution \(execution.id)")
                    }.map(\.outcome)
                    return outcomes.count == 2 && outcomes.last == .begun && outcomes.first != .begun
                }
            }
        }
    }

    @Suite("Commits that come while others are carried out")
    struct ChangingRepositoryTests {
        @Test(
            "an execution keeps to what it began with, and what came meanwhile is carried out after it",
            .timeLimit(.minutes(2)))
        func commitDuringRollout() async throws {
            var sample = try SampleRepository(base: 228)
            sample.instances = 6
            try await TestFleet.withDev(sample) { fleet in
                try await TestLoad.expectNoFailure(fleet) { load in
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 2)], "Version 2")
                    try await fleet.succeed("deploy", "demo", "--no-wait")
                    let first = try await eventually("The rollout") {
                        try await fleet.client.executions(running: true).first { $0.kind == .deploy }
                    }
                    try await fleet.commit(["src/demo/app.py": SampleRepository.program(version: 3)], "Version 3")
                    // Seen while the first is under way, or while it is built.
                    try await load.answered(by: 3)
                    try await eventually("Release 3 serving alone") { try await fleet.releasesServing("demo") == [3] }
                    let ended = try await fleet.client.execution(first.id)
                    #expect(ended.state == .succeeded && ended.release == 2, "\(ended.state) \(ended.release ?? 0)")
                }
            }
        }
    }
}

/// SplitMix64, https://prng.di.unimi.it/splitmix64.c: the same picks from the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
