import ControlPlane
import Core
import Wire

extension SampleFabric {
    static func plan(_ app: String = "shop") throws -> Plan {
        let shop: AppName = name(app)
        let package = PackageReference(app: shop, version: "a1b2c38", digest: digest(8), size: 1, signature: "")
        var number = 0
        func step(_ action: Step.Action, _ reason: String) -> PlanNode {
            number += 1
            return .step(Step(id: number, action: action, reason: reason, timeout: .seconds(60)))
        }
        func batch(_ slots: [Int]) throws -> PlanNode {
            let starts = try slots.map { slot -> PlanNode in
                let (host, id): (HostName, InstanceID) = (name("web-\(slot)"), try InstanceID("\(app).web.\(slot).r8"))
                return .sequential(
                    title: "\(id) on \(host)",
                    [
                        step(.phase(host, id, .install), "release 8 replaces 7"),
                        step(.phase(host, id, .configure), "release 8 replaces 7"),
                        step(.phase(host, id, .start), "release 8 replaces 7"),
                        step(.awaitReady(host, id), "its probe must answer before it serves"),
                    ])
            }
            let duties = try slots.flatMap { slot in
                [
                    DutyChange(
                        instance: try InstanceID("\(app).web.\(slot).r8"), host: name("web-\(slot)"), duty: .serve),
                    DutyChange(
                        instance: try InstanceID("\(app).web.\(slot).r7"), host: name("web-\(slot)"),
                        duty: .keepWarm(.minutes(30))),
                ]
            }
            return .sequential(
                title: "batch of \(slots.count)",
                [
                    .parallel(title: "bring up \(slots.count)", limit: 20, starts),
                    step(.traffic(app: shop, duties: duties, drains: true), "release 8 replaces 7"),
                ])
        }
        let fetches = (1...4).map { step(.prefetch(name("web-\($0)"), package), "4.3 MB, not on the host") }
        let root = PlanNode.sequential(
            title: "deploy \(app) r8",
            [
                .parallel(title: "fetch", limit: 20, fetches), try batch([1, 2]), try batch([3, 4]),
                .parallel(
                    title: "link", limit: 20,
                    (1...4).map {
                        step(.link(name("web-\($0)"), shop, releaseIdentity: digest(108)), "release 8 is current")
                    }),
            ])
        return Plan(
            app: shop, kind: .deploy, release: 8, desiredRevision: 42, liveRevision: 1234, root: root,
            changes: (1...4).map {
                Plan.Change(
                    sign: .replace, subject: "\(app).web.\($0)", host: name("web-\($0)"), reason: "release 7 → 8")
            } + [
                Plan.Change(
                    sign: .change, subject: "\(app).worker.1", host: name("web-1"), reason: "FEATURE: on ≠ (none)"),
                Plan.Change(sign: .add, subject: "\(app).worker.3", host: name("web-6"), reason: "scaled from 2 to 3"),
                Plan.Change(sign: .remove, subject: "\(app).web.9", host: name("web-5"), reason: "web-5 is drained"),
            ],
            summary: Plan.Summary(added: 1, changed: 5, removed: 1, unchanged: 3),
            warnings: ["shop.web.5 has no host: it needs 512 MiB, web-2 has 300 MiB"])
    }

    static func planView(
        id: String = "p7", app: String = "shop", purpose: PlanRequest.Purpose = .deploy, stale: String? = nil
    ) throws
        -> PlanView
    {
        PlanView(
            try plan(app), id: try PlanID(id), purpose: purpose, releaseBefore: 7, commit: commit,
            createdAt: Instant(milliseconds: now.milliseconds - 30_000), createdBy: "ada", stale: stale)
    }

    static func execution(id: String = "e12", state: ExecutionState = .running) throws -> ExecutionView {
        let plan = try plan()
        let start = now.milliseconds - 42_000
        let steps = plan.steps.map { step -> StepView in
            var view = StepView(step)
            switch step.id {
            case ...12:
                view.state = .succeeded
                view.startedAt = Instant(milliseconds: start + Int64(step.id) * 1000)
                view.endedAt = Instant(milliseconds: start + Int64(step.id) * 1000 + 870)
                view.output = ["\(step.title)", "done"]
            case 13:
                view.state = .failed
                view.startedAt = Instant(milliseconds: start + 20_000)
                view.endedAt = Instant(milliseconds: start + 31_000)
                view.problem = Problem(
                    "instance.not-ready", "shop.web.3.r8 did not become ready.",
                    cause: "GET /healthz answered 503 <script>alert('problem')</script>.",
                    remedy: "Read its output: apus logs shop.web.3.r8.")
                view.output = [
                    "listening on 127.0.7.3:20001", "\u{1B}[31mGET /healthz 503\u{1B}[0m",
                    "<script>alert('output')</script>",
                ]
            case 14, 15:
                view.state = .running
                view.startedAt = Instant(milliseconds: start + 30_000)
                view.output = ["waiting for GET /healthz"]
            default: break
            }
            return view
        }
        return ExecutionView(
            id: try ExecutionID(id), app: name("shop"), kind: .deploy, state: state, release: 8, plan: try PlanID("p7"),
            build: try BuildID("b3"), commit: commit, startedBy: "ada", startedAt: Instant(milliseconds: start),
            endedAt: state.isEnded ? now : nil, summary: plan.summary.text,
            stepsDone: steps.count { $0.state == .succeeded }, stepsTotal: steps.count,
            traffic: traffic(isFinal: state.isEnded), steps: steps,
            tree: PlanNodeView(plan.root))
    }

    private static func traffic(isFinal: Bool) -> ExecutionTraffic {
        func figures(_ requests: Int64, failed: Int64 = 0) -> ExecutionTraffic.Figures {
            .init(
                requests: requests, failed: failed, p50Microseconds: 2100, p90Microseconds: 4700,
                p99Microseconds: 9100)
        }
        return ExecutionTraffic(
            releases: [
                .init(release: 8, during: figures(12_408), after: figures(isFinal ? 31_077 : 0)),
                .init(release: 7, before: figures(64_310), during: figures(1_251_002, failed: 3)),
            ], beforeMilliseconds: 60_000, duringMilliseconds: 42_000, afterMilliseconds: isFinal ? 30_000 : 0,
            isFinal: isFinal)
    }

    static func audit() -> [AuditView] {
        let actions = [
            ("ada", "deploy", "shop", AuditView.Outcome.begun, "main → release 8"),
            ("apus", "reconcile", "blog", .succeeded, "blog.web.2 had ended"),
            ("grace", "rollback", "shop", .succeeded, "release 7 → 6"),
            ("grace", "drain", "web-5", .succeeded, ""),
            ("mallory<script>alert('who')</script>", "token.create", "admin", .refused, "role deployer"),
            ("ada", "scale", "shop", .succeeded, "worker: 3"),
        ]
        return actions.enumerated().map { index, action in
            AuditView(
                number: Int64(actions.count - index),
                at: Instant(milliseconds: now.milliseconds - Int64(index) * 840_000),
                who: action.0, tokenID: "t\(index)", action: action.1, subject: action.2, commit: commit,
                outcome: action.3, detail: action.4)
        }
    }
}
