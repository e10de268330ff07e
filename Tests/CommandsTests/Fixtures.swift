import Core
import Wire

/// A fabric as its server would describe it, at a fixed time.
enum Fixtures {
    static let now = Instant(milliseconds: 1_795_232_150_000)
    static let commit = "3f2a91c04d110000000000000000000000000000"

    static func ago(_ seconds: Int64) -> Instant { Instant(milliseconds: now.milliseconds - seconds * 1000) }

    static func app(_ name: String) -> AppName { AppName(checked: name) }
    static func host(_ name: String) -> HostName { HostName(checked: name) }
    static let web = ProcessName(checked: "web")
    static let worker = ProcessName(checked: "worker")
    static let digest = Digest(bytes: (0..<32).map { UInt8($0) })

    static func counts(_ green: Int, _ yellow: Int = 0, _ red: Int = 0) -> ColourCounts {
        ColourCounts(green: green, yellow: yellow, red: red)
    }

    static let apps = [
        AppView(
            name: app("shop"), colour: .yellow, reason: "1 of 4 instances of web is not ready", release: 7,
            version: "3f2a91c",
            counts: counts(5, 1),
            processes: [
                ProcessView(name: web, desired: 4, declared: 4, ready: 3, run: "gunicorn shop:app"),
                ProcessView(name: worker, desired: 3, declared: 2, ready: 3, run: "python worker.py"),
            ], execution: ExecutionID(checked: "12")),
        AppView(
            name: app("front"), colour: .green, reason: "as expected", release: 2, version: "77aa001", pinned: 2,
            counts: counts(2),
            processes: [
                ProcessView(name: ProcessName(checked: "site"), desired: 2, declared: 2, ready: 2, run: "files")
            ]),
        AppView(name: app("reports"), colour: .red, reason: "not deployed yet"),
    ]

    static let hosts = [
        HostView(
            name: host("web-1"), address: "127.0.20.1", hostClass: HostClassName(checked: "web"), classVersion: 3,
            region: RegionName(checked: "local"), zone: ZoneName(checked: "a"), labels: ["role": "web", "disk": "ssd"],
            contact: .connected, lastHeard: ago(1), colour: .green, reason: "as expected", counts: counts(3),
            memory: .mebibytes(2048), memoryPlaced: .mebibytes(640), processors: 4, system: "Linux 6.1",
            agentVersion: "0.1.0",
            balancers: [BalancerView(name: BalancerName(checked: "edge"), isRunning: true)]),
        HostView(
            name: host("web-2"), hostClass: HostClassName(checked: "web"), classVersion: 3,
            zone: ZoneName(checked: "b"),
            contact: .silent, lastHeard: ago(42), isDrained: true, colour: .yellow, reason: "silent for 42 s",
            counts: counts(2, 1), memory: .mebibytes(2048), memoryPlaced: .mebibytes(300)),
        HostView(name: host("web-3"), contact: .expected, colour: .red, reason: "no agent has joined"),
    ]

    static let instances = [
        InstanceView(
            id: InstanceID(app: app("shop"), process: web, slot: 1, release: 7), app: app("shop"), process: web,
            slot: 1,
            release: 7, host: host("web-1"), state: .running, health: .healthy, duty: .serving, colour: .green,
            reason: "healthy", port: 20_011, processID: 4321, since: ago(3700), delta: .asExpected),
        InstanceView(
            id: InstanceID(app: app("shop"), process: web, slot: 1, release: 6), app: app("shop"), process: web,
            slot: 1,
            release: 6, host: host("web-1"), state: .running, health: .healthy, duty: .warm, warmUntil: ago(-900),
            colour: .green,
            reason: "healthy", port: 20_004, processID: 4100, since: ago(90_000), delta: .asExpected),
        InstanceView(
            id: InstanceID(app: app("shop"), process: worker, slot: 2, release: 7), app: app("shop"), process: worker,
            slot: 2,
            release: 7, host: host("web-2"), state: .stopped, health: .unhealthy, duty: .starting, colour: .red,
            reason: "exit code 1, started again 4 times", restarts: 4, since: ago(12), delta: .wrongState,
            differences: [Delta.Difference(key: "state", expected: "running", found: "stopped")]),
    ]

    static let executions = [
        ExecutionView(
            id: ExecutionID(checked: "12"), app: app("shop"), kind: .deploy, state: .running, release: 8,
            commit: commit,
            startedBy: "mira", startedAt: ago(9), summary: "4 to add, 0 to change, 0 to remove, 2 unchanged",
            stepsDone: 5,
            stepsTotal: 14),
        ExecutionView(
            id: ExecutionID(checked: "11"), app: app("front"), kind: .rollback, state: .failed, release: 2,
            commit: commit,
            startedBy: "ci", startedAt: ago(4000), endedAt: ago(3875),
            problem: Problem(
                "rollout.unhealthy", "The new release does not stay healthy.",
                cause: "front.site.1.r3: its probe fails.", remedy: "See `apus logs front.site.1.r3`."),
            summary: "", stepsDone: 2, stepsTotal: 6),
    ]

    static let status = StatusView(
        fabric: FabricName(checked: "prod"), colour: .red,
        reasons: ["reports is not deployed yet", "host web-2 is silent for 42 s"],
        commit: commit, pendingCommit: "99887766554400000000000000000000000000ff", desiredRevision: 41,
        liveRevision: 1203, at: now,
        hosts: counts(1, 1, 1), instances: counts(7, 1, 1), apps: apps, hostList: hosts, executions: [executions[0]])

    static let plan = PlanView(
        id: PlanID(checked: "17"), app: app("shop"), kind: .deploy, purpose: .deploy, release: 8, releaseBefore: 7,
        commit: commit,
        desiredRevision: 41, liveRevision: 1203, createdAt: now, createdBy: "mira",
        changes: [
            .init(sign: .add, subject: "shop.web.1.r8", host: host("web-1"), reason: "release 8 takes the place of 7"),
            .init(sign: .remove, subject: "shop.web.3.r7", host: host("web-2"), reason: "one instance fewer"),
            .init(sign: .change, subject: "shop.web.2.r7", host: host("web-2"), reason: "memory: 256 MiB ≠ 128 MiB"),
            .init(sign: .replace, subject: "shop.worker.1", host: host("web-1"), reason: "must not run twice"),
        ],
        summary: .init(
            added: 1, changed: 2, removed: 1, unchanged: 2, text: "1 to add, 2 to change, 1 to remove, 2 unchanged"),
        warnings: ["shop.web.4 has no place: needs 512 MiB, web-2 has 300 MiB"],
        steps: PlanNodeView(
            kind: .sequential, title: "deploy shop r8",
            children: [
                PlanNodeView(
                    kind: .parallel, title: "fetch the package", limit: 1,
                    children: [
                        PlanNodeView(
                            kind: .step, title: "fetch shop@77aa on web-1", step: 1, host: host("web-1"),
                            reason: "not on the host"),
                        PlanNodeView(
                            kind: .step, title: "fetch shop@77aa on web-2", step: 2, host: host("web-2"),
                            reason: "not on the host"),
                    ]),
                PlanNodeView(
                    kind: .step, title: "start shop.web.1.r8 on web-1", step: 10, host: host("web-1"),
                    reason: "batch 1 of 2"),
            ]))

    static let releases = [
        release(8, .current, seconds: 60), release(7, .warm, seconds: 7200, warmUntil: ago(-1500)),
        release(6, .kept, seconds: 400_000),
    ]

    static func release(_ number: Int, _ standing: ReleaseView.Standing, seconds: Int64, warmUntil: Instant? = nil)
        -> ReleaseView
    {
        ReleaseView(
            app: app("shop"), number: number, standing: standing, version: "77aa00\(number)", digest: digest,
            sizeBytes: 3_565_158,
            sourceCommit: "77aa00\(number)0000000", configCommit: commit, createdAt: ago(seconds), createdBy: "mira",
            warmUntil: warmUntil)
    }

    static let diff = ReleaseDiffView(
        app: app("shop"), from: releases[1], to: releases[0],
        values: [
            .init(part: .package, key: "digest", before: "000102030405", after: "aabbccddeeff"),
            .init(part: .environment, key: "GREETING", after: "hello"),
            .init(part: .process, key: "cron.run", before: "python cron.py"),
        ],
        files: [
            .init(
                path: "config.json",
                lines: [
                    DiffLine(kind: .same, text: "{", before: 1, after: 1),
                    DiffLine(kind: .removed, text: "  \"title\": \"Shop\"", before: 2),
                    DiffLine(kind: .added, text: "  \"title\": \"Shop 2\"", after: 2), DiffLine(kind: .gap, text: ""),
                ])
        ])

    static let audit = [
        AuditView(
            number: 2, at: ago(5), who: "mira", action: "deploy.request", subject: "app/shop", commit: commit,
            outcome: .begun, detail: "ref main"),
        AuditView(
            number: 1, at: ago(60), who: "ci", action: "host.drain", subject: "host/web-2", outcome: .refused,
            detail: "",
            problem: Problem(
                "access.denied", "Not allowed.", cause: "It asks for the role operator.", remedy: "Ask an operator.")),
    ]
}
