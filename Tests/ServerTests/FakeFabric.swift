import ControlPlane
import Core
import Synchronization
import Wire

/// The facade in memory: answers from the sample, and remembers what it was asked to do.
final class FakeFabric: FabricOperations {
    let fabric = FabricName(checked: "prod")
    private let acts = Mutex<[String]>([])
    private let changeReaders = Mutex<[AsyncStream<ChangeEvent>.Continuation]>([])
    let logLines = Mutex<[String]>(["started", "<script>alert('log line')</script>", "\u{1B}[32mready\u{1B}[0m"])
    let isReady = Mutex(true)
    let reasons = Mutex<[String]>([])
    /// What is seen in place of the sample.
    let largeFabric = Mutex<FabricViews?>(nil)

    var acted: [String] { acts.withLock { $0 } }

    private func act(_ what: String, _ principal: Principal) -> AcceptedView {
        acts.withLock { $0.append("\(principal.label): \(what)") }
        return AcceptedView(
            desiredRevision: 43, executions: [ExecutionID(checked: "e12")], sentence: "\(what) has begun.")
    }

    /// Tells every reader of changes.
    func change(_ sequence: Int64) {
        let event = ChangeEvent(sequence: sequence, at: SampleFabric.now, desiredRevision: 42, liveRevision: sequence)
        for reader in changeReaders.withLock({ $0 }) { reader.yield(event) }
    }

    /// How many read the fabric's changes.
    var readers: Int { changeReaders.withLock { $0.count } }

    private func sample<Value>(_ make: () throws -> Value) throws(Problem) -> Value {
        do { return try make() } catch {
            throw Problem("sample.invalid", "The sample is broken.", cause: "\(error)", remedy: "Mend it.")
        }
    }
    private func views() throws(Problem) -> FabricViews {
        if let large = largeFabric.withLock({ $0 }) { return large }
        return try sample(SampleFabric.views)
    }
    private func unknown(_ noun: String, _ text: String) -> Problem {
        Problem(
            "\(noun).unknown", "There is no such \(noun).", cause: "\(text) is not known.", remedy: "See what there is."
        )
    }

    func status() async throws(Problem) -> StatusView { try views().status(reasons: reasons.withLock { $0 }) }
    func hosts(_ query: ListQuery) async throws(Problem) -> ListPart<HostView> { try views().hosts(query) }
    func hostGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try views().hostGroups(filter, by: key)
    }
    func host(_ name: HostName) async throws(Problem) -> HostDetailView {
        guard
            let host = try views().host(
                name, releases: try sample { try SampleFabric.releases().values.flatMap { $0 } })
        else { throw unknown("host", name.text) }
        return host
    }
    func instances(_ query: ListQuery) async throws(Problem) -> ListPart<InstanceView> {
        try views().instances(query)
    }
    func instance(_ id: InstanceID) async throws(Problem) -> InstanceView {
        guard let instance = try views().instance(id) else { throw unknown("instance", id.description) }
        return instance
    }
    func instanceGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try views().instanceGroups(filter, by: key)
    }
    func apps() async throws(Problem) -> [AppView] { try views().apps }
    func app(_ name: AppName) async throws(Problem) -> AppDetailView {
        let releases = try sample { try SampleFabric.releases()[name] ?? [] }
        let executions = try sample {
            [try SampleFabric.execution(), try SampleFabric.execution(id: "e11", state: .succeeded)]
        }
        guard let app = try views().app(name, releases: releases, executions: executions.map(\.withoutSteps)) else {
            throw unknown("app", name.text)
        }
        return app
    }
    func releases(of app: AppName) async throws(Problem) -> [ReleaseView] {
        try views().releases(of: app, try sample { try SampleFabric.releases()[app] ?? [] })
    }
    func releaseDiff(of app: AppName, from: Int, to: Int) async throws(Problem) -> ReleaseDiffView {
        let releases = try sample { try SampleFabric.releases()[app] ?? [] }
        guard let before = releases.first(where: { $0.number == from }),
            let after = releases.first(where: { $0.number == to })
        else { throw unknown("release", "\(app) r\(from) or r\(to)") }
        return ReleaseDiffView(before, after)
    }
    func delta(_ filter: Filter) async throws(Problem) -> [DeltaView] {
        try sample(SampleFabric.deltas).map {
            DeltaView(instance: $0.instance, host: $0.host, state: $0.state, differences: $0.differences)
        }
    }
    func configuration() async throws(Problem) -> FabricConfiguration { try sample(SampleFabric.desired).configuration }
    func validation() async throws(Problem) -> ValidationView {
        ValidationView(commit: SampleFabric.commit, findings: [])
    }
    func pendingCommit() async throws(Problem) -> PendingCommitView {
        PendingCommitView(
            commit: String(repeating: "b", count: 40), desired: SampleFabric.commit, isDesired: false,
            changes: [
                .init(path: "apps.shop.processes.web.instances", before: "4", after: "<script>alert('6')</script>"),
                .init(path: "apps.blog", after: ""), .init(path: "hosts.web-9", before: ""),
            ])
    }
    func doctor() async throws(Problem) -> [DoctorFinding] {
        [DoctorFinding(name: "state", sentence: "It can be written.")]
    }
    func readiness() async throws(Problem) {
        guard isReady.withLock({ $0 }) else {
            throw Problem("server.not-ready", "Starting.", cause: "The lease is not held.", remedy: "Wait.")
        }
    }

    func makePlans(_ request: PlanRequest, by principal: Principal) async throws(Problem) -> [PlanView] {
        _ = act("plan \(request.purpose.rawValue) \(request.app?.text ?? "all")", principal)
        return [try sample { try SampleFabric.planView(purpose: request.purpose) }]
    }
    func plan(_ id: PlanID) async throws(Problem) -> PlanView {
        switch id.text {
        case "p7": try sample { try SampleFabric.planView() }
        case "p8": try sample { try SampleFabric.planView(id: "p8", purpose: .apply) }
        case "p9": try sample { try SampleFabric.planView(id: "p9", stale: "shop.web.2 has moved since") }
        default: throw unknown("plan", id.text)
        }
    }
    func approve(_ id: PlanID, by principal: Principal) async throws(Problem) -> AcceptedView {
        guard id.text != "p9" else {
            throw Problem("plan.stale", "The plan was not carried out.", cause: "It is stale.", remedy: "Plan again.")
        }
        return act("approve \(id)", principal)
    }
    func executions(of app: AppName?, running: Bool, limit: Int) async throws(Problem) -> [ExecutionView] {
        try sample {
            [
                try SampleFabric.execution(), try SampleFabric.execution(id: "e11", state: .succeeded),
                try SampleFabric.execution(id: "e10", state: .failed),
            ]
        }
        .filter { (app == nil || $0.app == app) && (!running || !$0.state.isEnded) }.map(\.withoutSteps)
    }
    func execution(_ id: ExecutionID) async throws(Problem) -> ExecutionView {
        switch id.text {
        case "e12": try sample { try SampleFabric.execution() }
        case "e11": try sample { try SampleFabric.execution(id: "e11", state: .succeeded) }
        default: throw unknown("execution", id.text)
        }
    }
    func control(_ id: ExecutionID, _ request: ControlRequest, by principal: Principal) async throws(Problem)
        -> ExecutionView
    {
        _ = act("\(request.action.rawValue) \(id)\(request.step.map { " step \($0)" } ?? "")", principal)
        return try await execution(id)
    }
    func build(_ id: BuildID) async throws(Problem) -> BuildView {
        guard id.text == "b3" else { throw unknown("build", id.text) }
        return BuildView(
            id: id, app: AppName(checked: "shop"), ref: "main", sourceCommit: SampleFabric.commit, state: .succeeded,
            startedAt: SampleFabric.now, endedAt: SampleFabric.now, startedBy: "ada", release: 8,
            execution: ExecutionID(checked: "e12"))
    }

    func apply(_ request: ApplyRequest, by principal: Principal) async throws(Problem) -> AcceptedView {
        act("apply \(request.commit ?? "head")", principal)
    }
    func deploy(_ app: AppName, _ request: DeployRequest, by principal: Principal) async throws(Problem) -> AcceptedView
    {
        var accepted = act("deploy \(app) \(request.ref ?? "default")", principal)
        accepted.build = BuildID(checked: "b3")
        return accepted
    }
    func rollback(_ app: AppName, _ request: RollbackRequest, by principal: Principal) async throws(Problem)
        -> AcceptedView
    {
        act("rollback \(app) \(request.release.map { "r\($0)" } ?? "before")", principal)
    }
    func scale(_ app: AppName, _ request: ScaleRequest, by principal: Principal) async throws(Problem) -> AcceptedView {
        act("scale \(app).\(request.process) \(request.count.map { "\($0)" } ?? "git")", principal)
    }
    func drain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView {
        act("drain \(host)", principal)
    }
    func undrain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView {
        act("undrain \(host)", principal)
    }
    func notifications() async throws(Problem) -> [NotificationHookView] {
        [
            NotificationHookView(
                name: HookName(checked: "chat"), webhook: "https://chat.example.com/(not-shown)", waiting: 2)
        ]
    }
    func testNotifications(
        _ request: NotificationTestRequest, by principal: Principal
    ) async throws(Problem) -> [NotificationTestView] {
        _ = act("notify test \(request.hook?.text ?? "all")", principal)
        return [NotificationTestView(hook: HookName(checked: "chat"), milliseconds: 12)]
    }
    func audit(limit: Int, before: Int64?) async throws(Problem) -> [AuditView] {
        Array(SampleFabric.audit().filter { $0.number < before ?? .max }.prefix(limit))
    }

    func changes(after: Int64?) async throws(Problem) -> AsyncStream<ChangeEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: ChangeEvent.self)
        changeReaders.withLock { $0.append(continuation) }
        return stream
    }
    func executionEvents(_ id: ExecutionID, after: Int64?) async throws(Problem) -> AsyncStream<ExecutionEvent> {
        let events = [
            ExecutionEvent(sequence: 1, at: SampleFabric.now, kind: .stepStarted, step: 1, title: "fetch"),
            ExecutionEvent(sequence: 2, at: SampleFabric.now, kind: .output, step: 1, line: "one\ntwo"),
            ExecutionEvent(sequence: 3, at: SampleFabric.now, kind: .stepEnded, step: 1, stepState: .succeeded),
            ExecutionEvent(sequence: 4, at: SampleFabric.now, kind: .state, state: .succeeded),
        ]
        return Self.stream(events.filter { $0.sequence > after ?? 0 })
    }
    func buildEvents(_ id: BuildID, after: Int64?) async throws(Problem) -> AsyncStream<BuildEvent> {
        Self.stream([
            BuildEvent(sequence: 1, at: SampleFabric.now, kind: .output, line: "collecting flask"),
            BuildEvent(sequence: 2, at: SampleFabric.now, kind: .ended, build: try await build(id)),
        ])
    }
    func auditEvents(after: Int64?) async throws(Problem) -> AsyncStream<AuditView> {
        Self.stream(SampleFabric.audit().reversed().filter { $0.number > after ?? 0 })
    }
    func logs(of instance: InstanceID, lines: Int, follow: Bool) async throws(Problem) -> AsyncStream<LogLine> {
        guard try views().instances.contains(where: { $0.id == instance }) else {
            throw unknown("instance", instance.description)
        }
        return Self.stream(
            logLines.withLock { $0 }.suffix(lines).enumerated().map { LogLine(sequence: Int64($0 + 1), text: $1) })
    }

    private static func stream<Event: Sendable>(_ events: [Event]) -> AsyncStream<Event> {
        AsyncStream { continuation in
            for event in events { continuation.yield(event) }
            continuation.finish()
        }
    }
}
