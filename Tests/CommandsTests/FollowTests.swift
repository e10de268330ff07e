import Core
import Testing
import Wire

@testable import Commands

/// Commands that stay with what they have begun.
@Suite struct FollowTests {
    static let shop = Fixtures.app("shop")
    static let failure = Problem("step.failed", "The step failed.", cause: "exit code 1", remedy: "Read the output.")

    static func events(_ end: ExecutionState, failing: Bool = false) -> [ExecutionEvent] {
        let start = Fixtures.now
        var events = [
            ExecutionEvent(sequence: 1, at: start, kind: .state, state: .running),
            ExecutionEvent(
                sequence: 2, at: start, kind: .stepStarted, step: 1, title: "start shop.web.1.r8 on web-1",
                stepState: .running),
            ExecutionEvent(sequence: 3, at: start, kind: .output, step: 1, line: "Traceback\u{1B}[2J"),
            ExecutionEvent(
                sequence: 4, at: start + Interval(milliseconds: 1250), kind: .stepEnded, step: 1,
                title: "start shop.web.1.r8 on web-1",
                stepState: failing ? .failed : .succeeded, problem: failing ? failure : nil),
        ]
        events.append(
            ExecutionEvent(
                sequence: 5, at: start + Interval(milliseconds: 1300), kind: .state, state: end,
                problem: failing ? failure : nil))
        return events
    }

    static func execution(_ id: String, _ kind: Plan.Kind, _ state: ExecutionState, release: Int) -> ExecutionView {
        ExecutionView(
            id: ExecutionID(checked: id), app: shop, kind: kind, state: state, release: release,
            commit: Fixtures.commit, startedBy: "mira",
            startedAt: Fixtures.now, problem: state == .failed ? failure : nil, summary: "", stepsDone: 1, stepsTotal: 1
        )
    }

    static func build(_ state: BuildView.State) -> StubServer.Answer {
        let view = BuildView(
            id: BuildID(checked: "b1"), app: shop, ref: "main", state: state, startedAt: Fixtures.ago(3),
            endedAt: Fixtures.now,
            startedBy: "mira",
            problem: state == .failed
                ? Problem("build.failed", "The build failed.", cause: "pip.", remedy: "Read.") : nil,
            release: state == .failed ? nil : 8, execution: state == .failed ? nil : ExecutionID(checked: "9"))
        return .events([
            BuildEvent(sequence: 1, at: Fixtures.now, kind: .output, line: "pip install"),
            BuildEvent(sequence: 2, at: Fixtures.now, kind: .ended, build: view),
        ])
    }

    static let accepted = StubServer.Answer.json(
        AcceptedView(app: shop, build: BuildID(checked: "b1"), sentence: "shop is being built and deployed."))

    @Test("A deploy shows build and steps, and ends with a summary")
    func deploy() async throws {
        let stub = StubServer([
            "POST /v1/apps/shop/deploy": Self.accepted, "GET /v1/builds/b1/events": Self.build(.succeeded),
            "GET /v1/executions/9/events": .events(Self.events(.succeeded)),
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["deploy", "shop", "--ref", "v2", "--wait"], environment: ["APUS_URL": url])
            #expect(run.code == 0)
            #expect(run.data == "✓ shop r8: 1 step in 1.3s (execution 9)\n")
            #expect(
                run.words == """
                    shop is being built and deployed.
                      pip install
                    ✓ built shop r8 in 3.0s
                    ✓ start shop.web.1.r8 on web-1  1.2s

                    """)
        }
        #expect(stub.requests.first?.body == #"{"ref":"v2"}"#)
        #expect(stub.requests.count == 3)
    }

    @Test("The end of a deploy says what each release has served meanwhile")
    func traffic() async throws {
        var events = Self.events(.succeeded)
        let old = ExecutionTraffic.Figures(requests: 1, failed: 1)
        events[events.count - 1].traffic = ExecutionTraffic(
            releases: [
                .init(
                    release: 8,
                    during: .init(
                        requests: 12_408, failed: 0, p50Microseconds: 2111, p90Microseconds: 4735,
                        p99Microseconds: 12_287)),
                .init(release: 7, during: old), .init(release: 6, before: old),
            ], beforeMilliseconds: 60_000, duringMilliseconds: 1300, afterMilliseconds: 0, isFinal: false)
        let stub = StubServer([
            "POST /v1/apps/shop/deploy": Self.accepted, "GET /v1/builds/b1/events": Self.build(.succeeded),
            "GET /v1/executions/9/events": .events(events),
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["deploy", "shop", "--wait"], environment: ["APUS_URL": url])
            #expect(
                run.data == """
                    ✓ shop r8: 1 step in 1.3s (execution 9)
                      r8 served 12,408 requests, 0 failed, p50 2.1 ms p99 12 ms
                      r7 served 1 request, 1 failed

                    """)
        }
    }

    @Test("A failed deploy shows why, follows the automatic rollback, and ends with 1")
    func automaticRollback() async throws {
        let stub = StubServer([
            "POST /v1/apps/shop/deploy": Self.accepted, "GET /v1/builds/b1/events": Self.build(.succeeded),
            "GET /v1/executions/9/events": .events(Self.events(.failed, failing: true)),
            "GET /v1/executions/9": .json(Self.execution("9", .deploy, .failed, release: 8)),
            "GET /v1/executions": .json([
                Self.execution("10", .rollback, .running, release: 7),
                Self.execution("9", .deploy, .failed, release: 8),
                Self.execution("5", .rollback, .succeeded, release: 3),
            ]), "GET /v1/executions/10/events": .events(Self.events(.succeeded)),
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["deploy", "shop"], environment: ["APUS_URL": url])
            #expect(run.code == 1)
            #expect(run.data == "! The deploy r8 of shop failed; back at shop r7: 1 step in 1.3s (execution 10)\n")
            #expect(
                run.words.contains("✗ start shop.web.1.r8 on web-1") && run.words.contains("Traceback")
                    && run.words.contains("exit code 1"))
            #expect(!run.words.contains("\u{1B}"))
        }
    }

    @Test("A failed build ends with 1 and its problem")
    func failedBuild() async throws {
        try await StubServer([
            "POST /v1/apps/shop/deploy": Self.accepted, "GET /v1/builds/b1/events": Self.build(.failed),
        ]).serving { url in
            let run = await CommandLineRun(["deploy", "shop"], environment: ["APUS_URL": url])
            #expect(run.code == 1 && run.data.isEmpty && run.words.contains("[build.failed]"))
        }
    }

    @Test("A rollback takes two requests")
    func rollback() async throws {
        let stub = StubServer([
            "POST /v1/apps/shop/rollback": .json(
                AcceptedView(app: Self.shop, executions: [ExecutionID(checked: "9")], sentence: "shop goes back to r7.")
            ),
            "GET /v1/executions/9/events": .events(Self.events(.succeeded)),
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["rollback", "shop", "--to", "r7", "--yes"], environment: ["APUS_URL": url])
            #expect(run.code == 0 && run.data == "✓ shop: 1 step in 1.3s (execution 9)\n")
        }
        #expect(stub.requests.map(\.line) == ["POST /v1/apps/shop/rollback", "GET /v1/executions/9/events"])
        #expect(stub.requests.first?.body == #"{"release":7}"#)
    }

    @Test("With --json, everything is an object a line")
    func json() async throws {
        let stub = StubServer([
            "POST /v1/apps/shop/deploy": Self.accepted, "GET /v1/builds/b1/events": Self.build(.succeeded),
            "GET /v1/executions/9/events": .events(Self.events(.succeeded)),
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["deploy", "shop", "--json"], environment: ["APUS_URL": url])
            let lines = run.data.split(separator: "\n")
            #expect(run.code == 0 && run.words.isEmpty && lines.count == 1 + 2 + 5)
            #expect(lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") })
        }
    }

    @Test("Without waiting, the command says how to follow")
    func noWait() async throws {
        let stub = StubServer(["POST /v1/apps/shop/deploy": Self.accepted])
        try await stub.serving { url in
            let run = await CommandLineRun(["deploy", "shop", "--no-wait"], environment: ["APUS_URL": url])
            #expect(run.code == 0 && run.words.contains("apus executions"))
        }
        #expect(stub.requests.count == 1)
    }

    @Test("Lines of several instances begin with the instance; what they write cannot rewrite a terminal")
    func logs() async throws {
        let line = StubServer.Answer.events([LogLine(sequence: 1, text: "GET /\u{1B}]0;owned\u{7}")])
        let stub = StubServer([
            "GET /v1/instances": .json(Fixtures.instances), "GET /v1/instances/shop.web.1.r7/logs": line,
            "GET /v1/instances/shop.web.1.r6/logs": line,
        ])
        try await stub.serving { url in
            let run = await CommandLineRun(["logs", "shop.web"], environment: ["APUS_URL": url], isTerminal: true)
            #expect(
                Set(run.data.split(separator: "\n").map { $0.prefix(21) }) == [
                    "shop.web.1.r6 | GET /", "shop.web.1.r7 | GET /",
                ])
            #expect(!run.data.contains("\u{1B}") && !run.data.contains("\u{7}"))
            let one = await CommandLineRun(["logs", "shop.web.1.r7"], environment: ["APUS_URL": url])
            #expect(one.data == "GET /\u{1B}]0;owned\u{7}\n")
        }
    }
}
