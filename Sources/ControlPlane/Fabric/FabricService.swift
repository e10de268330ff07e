import ConfigRepository
package import Core
package import Logging
import ServiceLifecycle
import Wire

/// One fabric, as the API, the dashboard and the CLI see it: follows the configuration
/// repository, builds, deploys, and answers.
package actor FabricService: Service {
    struct DeployJob: Sendable {
        var build: BuildID
        var app: AppSpec
        var configuration: FabricConfiguration
        var ref: String?
        var rollout: RolloutOverrides
        /// Deploys of apps that come before, which have to succeed first.
        var awaited: [AwaitedDeploy]
        var filter: Filter?
        var who: String
        /// Whether it waits for its turn when the app is being changed; otherwise it is refused.
        var waits = false
    }

    /// A plan that was shown and may be approved.
    struct KeptPlan: Sendable {
        var view: PlanView
        var plan: Plan
        var request: Orchestrator.Request
        var commit: String?
    }

    private static let localPollInterval = Duration.seconds(1)
    private static let remotePollInterval = Duration.seconds(20)
    /// Who acts where no person does.
    private static let itself = "apus"
    private static let lockLifetime = Interval.seconds(15)
    private static let turnInterval = Duration.milliseconds(200)
    static let plansKept = 200
    static let endedExecutionsMax = 1000

    package nonisolated let fabric: FabricName
    let source: ConfigurationSource
    let maker: ReleaseMaker
    let releases: ReleaseStore
    let history: ServedHistory
    private let state: any StateStore
    private let accepted: AcceptedDeploys
    let audit: AuditLog
    let orchestrator: OrchestratorService
    let link: any HostLink
    let notifier: NotificationService?
    /// What metrics could not listen on, and who has too many series.
    let metricsProblems: @Sendable () -> [Problem]
    let builds: BuildFeed
    let now: @Sendable () -> Instant
    let logger: Logger
    private let jobs: AsyncStream<DeployJob>
    private let jobQueue: AsyncStream<DeployJob>.Continuation
    /// How deploys are to be rolled out that were begun by a commit and asked for by a person since.
    var rolloutsAsked: [BuildID: RolloutOverrides] = [:]
    /// Builds whose deploy has begun: how it is rolled out is settled.
    var deploying: Set<BuildID> = []
    var plans: [PlanID: KeptPlan] = [:]
    var planOrder: [PlanID] = []
    /// What was read of executions that have ended, without what was counted for them.
    var endedExecutions: [Int64: ExecutionView] = [:]
    var pendingCommit: String?
    private var hasCaughtUp = false
    /// Why it cannot be used; nil: it waits.
    var pendingProblem: Problem?
    /// The head that was dealt with. Others look at the repository too, and must not take its news away.
    private var commitSeen: String?
    var keptSight: FabricSight?
    let sightRequests: AsyncStream<Void>
    let sightRequest: AsyncStream<Void>.Continuation
    private var nextNumber = 0
    /// Apps that a commit has changed while one before it was built.
    private var changedMeanwhile: Set<AppName> = []

    package init(
        fabric: FabricName, source: ConfigurationSource, maker: ReleaseMaker, releases: ReleaseStore,
        store: any StateStore, audit: AuditLog, orchestrator: OrchestratorService, link: any HostLink,
        notifier: NotificationService? = nil, metricsProblems: @escaping @Sendable () -> [Problem] = { [] },
        now: @escaping @Sendable () -> Instant, logger: Logger
    ) {
        self.fabric = fabric
        self.source = source
        self.maker = maker
        self.releases = releases
        self.history = ServedHistory(store: store)
        state = store
        accepted = AcceptedDeploys(store: store)
        self.audit = audit
        self.orchestrator = orchestrator
        self.link = link
        self.notifier = notifier
        self.metricsProblems = metricsProblems
        self.now = now
        self.logger = logger
        builds = BuildFeed(now: now)
        (jobs, jobQueue) = AsyncStream<DeployJob>.makeStream()
        (sightRequests, sightRequest) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.follow() }
                group.addTask { await self.keepSight() }
                for await job in self.jobs { group.addTask { await self.carryOut(job) } }
            }
        }
    }

    /// A name for a plan or build that was not used before, also across restarts.
    func nextIdentifier() -> String {
        nextNumber += 1
        return "\(String(now().milliseconds, radix: 36))-\(nextNumber)"
    }

    private func follow() async {
        let interval = source.isLocal ? Self.localPollInterval : Self.remotePollInterval
        while !Task.isCancelled {
            await lookAtRepository()
            if !hasCaughtUp { hasCaughtUp = await catchUp() }
            try? await Task.sleep(for: interval)
        }
    }

    /// Reads the repository's head; carries it out when the fabric's policy says so.
    func lookAtRepository() async {
        do throws(Problem) {
            let head = try await source.refresh().head
            guard head.commit != commitSeen else { return }
            let configuration: FabricConfiguration
            do throws(Problem) {
                configuration = try head.reading.configuration(of: fabric)
            } catch {
                // What runs goes on running; the broken commit is only shown.
                commitSeen = head.commit
                pendingCommit = head.commit
                pendingProblem = error
                logger.error("commit refused", metadata: ["commit": "\(head.commit)", "problem": "\(error)"])
                return
            }
            let desired = await orchestrator.snapshot.desired
            guard desired?.configuration.commit != head.commit else {
                commitSeen = head.commit
                pendingCommit = nil
                pendingProblem = nil
                return
            }
            guard desired == nil || configuration.policy.apply == .automatic else {
                commitSeen = head.commit
                pendingCommit = head.commit
                pendingProblem = nil
                return
            }
            _ = try await apply(configuration, by: Self.itself, role: Self.itself)
            commitSeen = head.commit
        } catch {
            logger.error("configuration repository not read", metadata: ["problem": "\(error)"])
        }
    }

    /// Makes a configuration the desired one, and deploys the apps that ask for another release.
    /// - Returns: the builds that begin.
    func apply(_ configuration: FabricConfiguration, by who: String, role: String) async throws(Problem) -> [BuildView]
    {
        let action = AuditAction(
            who: who, role: role, what: "apply", subject: "fabric/\(fabric)", details: nil,
            commit: configuration.commit,
            execution: nil, address: nil)
        try await audit.recording(action) { () throws(Problem) in
            await self.orchestrator.receive { $0.receive(.configured(configuration), at: $1) }
        }
        pendingCommit = nil
        pendingProblem = nil
        return await deployWhatIsWanted(in: configuration, by: who)
    }

    /// Begins a build for each app that the desired configuration wants another release of.
    private func deployWhatIsWanted(in configuration: FabricConfiguration, by who: String) async -> [BuildView] {
        var begun: [BuildView] = []
        // Those that come before others are in the queue first, so that these wait for them.
        for app in AppOrder(configuration).sorted(configuration.apps.keys).compactMap({ configuration.apps[$0] }) {
            if let build = await deployIfChanged(app, in: configuration, by: who) { begun.append(build) }
        }
        return begun
    }

    /// After a start: begins again what was accepted and had not become an execution when the
    /// server ended, and what a commit asked for before it was accepted.
    /// - Returns: whether all of it was looked at.
    private func catchUp() async -> Bool {
        guard let configuration = await orchestrator.snapshot.desired?.configuration else { return false }
        do throws(Problem) {
            for deploy in try await accepted.all() where builds.running(deploy.app) == nil {
                guard let app = configuration.apps[deploy.app], try await !orchestrator.store.hasBegun(deploy) else {
                    try await accepted.remove(deploy.app)
                    continue
                }
                logger.notice("a deploy goes on", metadata: ["app": "\(deploy.app)", "by": "\(deploy.who)"])
                _ = try await enqueue(deploy, of: app, in: configuration, waits: true)
            }
            _ = await deployWhatIsWanted(in: configuration, by: Self.itself)
            return true
        } catch {
            logger.error("accepted deploys not read", metadata: ["problem": "\(error)"])
            return false
        }
    }

    /// - Returns: the build that begins. While an earlier one runs, the app is looked at again when
    ///   that has ended.
    private func deployIfChanged(
        _ app: AppSpec, in configuration: FabricConfiguration, by who: String
    ) async -> BuildView? {
        do throws(Problem) {
            guard builds.running(app.name) == nil else { throw Self.isBuilt(app.name) }
            guard try await maker.wantsRelease(app, configCommit: configuration.commit) else { return nil }
            let deploy = AcceptedDeploy(app: app.name, who: who, acceptedAt: now())
            return try await enqueue(deploy, of: app, in: configuration, waits: true)
        } catch {
            if error.code == "deploy.locked" {
                changedMeanwhile.insert(app.name)
            } else {
                logger.error("app not deployed", metadata: ["app": "\(app.name)", "problem": "\(error)"])
            }
            return nil
        }
    }

    private static func isBuilt(_ app: AppName, by build: BuildView? = nil) -> Problem {
        Problem(
            "deploy.locked", "\(app) is being built already.",
            cause: build.map { "Build \($0.id) by \($0.startedBy) has not ended." } ?? "A build has not ended.",
            remedy: "Wait for it.")
    }

    /// Accepts a deploy: from here on it is carried out, also if the server ends meanwhile.
    /// - Parameter joins: whether a build of the app that has begun meanwhile is as good.
    func enqueue(
        _ deploy: AcceptedDeploy, of app: AppSpec, in configuration: FabricConfiguration, joins: Bool = false,
        waits: Bool = false
    ) async throws(Problem) -> BuildView {
        let awaited = await awaitedDeploys(before: app.name, in: configuration)
        // Nothing may wait from here to the beginning: two builds of one app would begin at once.
        if let running = builds.running(app.name) {
            if joins, deploy.rollout.isEmpty || !deploying.contains(running.id) {
                if !deploy.rollout.isEmpty { rolloutsAsked[running.id] = deploy.rollout }
                return running
            }
            throw Self.isBuilt(app.name, by: running)
        }
        let view = BuildView(
            id: BuildID(checked: nextIdentifier()), app: app.name, ref: deploy.ref ?? app.source.reference,
            state: .running, startedAt: now(), startedBy: deploy.who)
        builds.begin(view)
        do throws(Problem) {
            try await accepted.put(deploy)
        } catch {
            builds.end(view.id) { view in
                view.state = .failed
                view.problem = error
            }
            throw error
        }
        jobQueue.yield(
            DeployJob(
                build: view.id, app: app, configuration: configuration, ref: deploy.ref, rollout: deploy.rollout,
                awaited: awaited, filter: deploy.filter, who: deploy.who, waits: waits))
        return view
    }

    private func carryOut(_ job: DeployJob) async {
        do throws(Problem) {
            let builds = builds
            let (release, execution) = try await locked(job) { () throws(Problem) in
                let release = try await self.maker.make(job.app, in: job.configuration, ref: job.ref, by: job.who) {
                    line in
                    builds.output(line, of: job.build)
                }
                try await self.whenDone(job.awaited, before: job)
                return (release, try await self.deploy(release, job: job))
            }
            builds.end(job.build) { view in
                view.state = .succeeded
                view.sourceCommit = release.sourceCommit
                view.release = release.number
                view.execution = execution.map { ExecutionID(checked: "\($0)") }
            }
        } catch {
            logger.error("deploy failed", metadata: ["app": "\(job.app.name)", "problem": "\(error)"])
            builds.end(job.build) { view in
                view.state = .failed
                view.problem = error
            }
        }
        rolloutsAsked[job.build] = nil
        // A server that ends leaves what it has accepted to the next run.
        guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return }
        do throws(Problem) {
            try await accepted.remove(job.app.name)
        } catch {
            logger.error("an accepted deploy is kept", metadata: ["app": "\(job.app.name)", "problem": "\(error)"])
        }
        if changedMeanwhile.remove(job.app.name) != nil,
            let configuration = await orchestrator.snapshot.desired?.configuration,
            let app = configuration.apps[job.app.name]
        {
            _ = await deployIfChanged(app, in: configuration, by: Self.itself)
        }
    }

    /// Holds the app's deploy lock meanwhile: whoever else wants it learns who has it since when,
    /// and it frees itself when this server is gone. The execution that follows locks by itself.
    private func locked<Value: Sendable>(
        _ job: DeployJob, _ body: @escaping @Sendable () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        let lock = try DeployLock("apps/\(job.app.name)", in: state, now: now)
        let held = try await acquire(lock, for: job)
        let result: Result<Value, Problem> = await withTaskGroup(of: Result<Value, Problem>?.self) { group in
            group.addTask {
                do throws(Problem) { return .success(try await body()) } catch { return .failure(error) }
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: .milliseconds(Self.lockLifetime.milliseconds / 3))
                    try? await lock.heartbeat(held)
                }
                return nil
            }
            defer { group.cancelAll() }
            for await result in group { if let result { return result } }
            return .failure(Self.nothingDesired)
        }
        try? await lock.release(held)
        return try result.get()
    }

    /// What was accepted before a restart waits for the lock of the run before to end with its lease.
    private func acquire(_ lock: DeployLock, for job: DeployJob) async throws(Problem) -> DeployLock.Held {
        while true {
            do throws(Problem) {
                return try await lock.acquire(owner: job.who, purpose: "build \(job.build)", for: Self.lockLifetime)
            } catch {
                guard job.waits, error.code == "lock.held", !Task.isCancelled else { throw error }
                try? await Task.sleep(for: Self.turnInterval)
            }
        }
    }

    private func deploy(_ release: Release, job: DeployJob) async throws(Problem) -> Int64? {
        while await !orchestrator.snapshot.isSettled(at: now()), !Task.isCancelled {
            try? await Task.sleep(for: Self.turnInterval)
        }
        if job.waits { try await awaitRollout(of: release.app) }
        let configuration = await orchestrator.snapshot.desired?.configuration
        deploying.insert(job.build)
        defer { deploying.remove(job.build) }
        let request = Orchestrator.Request(
            app: release.app, kind: .deploy, release: release.number, requestedBy: job.who,
            rollout: rolloutsAsked.removeValue(forKey: job.build) ?? job.rollout,
            filter: job.filter.flatMap { Self.slotFilter($0, configuration) })
        return try await orchestrator.perform { (loop, now) throws(Problem) in
            let added = loop.receive(.releaseAdded(release), at: now)
            let begun = try loop.begin(request, at: now)
            return (begun.execution, added + begun.actions)
        }
    }

    /// A commit waits for the rollout of the one before it; people are told that the app is locked.
    private func awaitRollout(of app: AppName) async throws(Problem) {
        while !Task.isCancelled, let running = await orchestrator.snapshot.executions[app],
            [.deploy, .rollback].contains(running.kind)
        {
            guard running.kind == .deploy || running.cause != nil else {
                throw Problem(
                    "deploy.overtaken", "\(app) was not deployed.",
                    cause: "\(running.startedBy) took it back to an earlier release meanwhile.",
                    remedy: "Deploy it when it is time: apus deploy \(app).")
            }
            try? await Task.sleep(for: Self.turnInterval)
        }
    }

    /// The part of a filter that says where: a plan is made of slots on hosts.
    static func slotFilter(
        _ filter: Filter, _ configuration: FabricConfiguration?
    ) -> (@Sendable (Slot, HostSpec) -> Bool)? {
        guard filter.expression != .all else { return nil }
        return { slot, host in
            filter.admits { key in
                switch key {
                case .app: slot.app.text
                case .process: slot.process.text
                case .host: host.name.text
                case .zone: host.zone.text
                case .hostClass: host.hostClass?.text
                case .label(let name):
                    host.labels[name] ?? host.hostClass.flatMap { configuration?.classes[$0]?.labels[name] }
                case .release, .state, .health, .duty, .colour, .delta: nil
                }
            }
        }
    }
}

extension SourceSpec {
    /// What a deploy builds when nobody says otherwise, for people.
    var reference: String {
        switch self {
        case .git(_, let ref): ref
        case .folder(let path): path
        }
    }
}
