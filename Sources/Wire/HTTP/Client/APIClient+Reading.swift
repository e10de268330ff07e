package import Core

extension APIClient {
    package func status() async throws(Problem) -> StatusView { try await call(Routes.status) }
    package func version() async throws(Problem) -> VersionView { try await call(Routes.version) }
    package func doctor() async throws(Problem) -> [DoctorFinding] { try await call(Routes.doctor) }

    package func pendingCommit() async throws(Problem) -> PendingCommitView { try await call(Routes.pendingCommit) }
    package func notifications() async throws(Problem) -> [NotificationHookView] {
        try await call(Routes.notifications)
    }

    /// Every host that the filter admits, however many parts that takes.
    package func hosts(_ filter: Filter = .all, sort: ListQuery.Sort? = nil) async throws(Problem) -> [HostView] {
        try await parts(of: Routes.hosts, filter, sort)
    }
    package func hostGroups(_ filter: Filter = .all, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try await call(Routes.hostGroups, query: [("by", key.text), ("filter", filter.queryValue)])
    }
    package func host(_ name: HostName) async throws(Problem) -> HostDetailView {
        try await call(Routes.host, [name.text])
    }
    /// Every instance that the filter admits, however many parts that takes.
    package func instances(
        _ filter: Filter = .all, sort: ListQuery.Sort? = nil
    ) async throws(Problem) -> [InstanceView] {
        try await parts(of: Routes.instances, filter, sort)
    }
    package func instanceGroups(_ filter: Filter = .all, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try await call(Routes.instanceGroups, query: [("by", key.text), ("filter", filter.queryValue)])
    }
    private func parts<Row: Decodable & Sendable>(
        of route: Route, _ filter: Filter, _ sort: ListQuery.Sort?
    ) async throws(Problem) -> [Row] {
        var rows: [Row] = []
        var after: String?
        repeat {
            let query = [("filter", filter.queryValue), ("sort", sort?.description), ("after", after)]
            let part: (rows: [Row], next: String?) = try await self.part(of: route, query: query)
            rows += part.rows
            // A server that answers the same place again would be asked for ever.
            after = part.rows.isEmpty ? nil : part.next
        } while after != nil
        return rows
    }
    package func delta(_ filter: Filter = .all) async throws(Problem) -> [DeltaView] {
        try await call(Routes.delta, query: [("filter", filter.queryValue)])
    }
    package func apps() async throws(Problem) -> [AppView] { try await call(Routes.apps) }
    package func app(_ name: AppName) async throws(Problem) -> AppDetailView { try await call(Routes.app, [name.text]) }
    package func releases(of app: AppName) async throws(Problem) -> [ReleaseView] {
        try await call(Routes.releases, [app.text])
    }
    package func releaseDiff(of app: AppName, from: Int, to: Int) async throws(Problem) -> ReleaseDiffView {
        try await call(Routes.releaseDiff, [app.text], query: [("from", String(from)), ("to", String(to))])
    }
    package func configuration() async throws(Problem) -> FabricConfiguration { try await call(Routes.configuration) }
    package func validation() async throws(Problem) -> ValidationView { try await call(Routes.validation) }
    package func plan(_ id: PlanID) async throws(Problem) -> PlanView { try await call(Routes.plan, [id.text]) }
    package func executions(of app: AppName? = nil, running: Bool = false, limit: Int = 100) async throws(Problem)
        -> [ExecutionView]
    {
        try await call(
            Routes.executions,
            query: [("app", app?.text), ("running", running ? "true" : nil), ("limit", String(limit))])
    }
    package func execution(_ id: ExecutionID) async throws(Problem) -> ExecutionView {
        try await call(Routes.execution, [id.text])
    }
    package func build(_ id: BuildID) async throws(Problem) -> BuildView { try await call(Routes.build, [id.text]) }
    package func audit(limit: Int = 100, before: Int64? = nil) async throws(Problem) -> [AuditView] {
        try await call(Routes.audit, query: [("limit", String(limit)), ("before", before.map { String($0) })])
    }
    package func tokens() async throws(Problem) -> [TokenView] { try await call(Routes.tokens) }
}

extension APIClient {
    package func changes() -> EventStream<ChangeEvent> { follow(Routes.events) }
    package func executionEvents(_ id: ExecutionID) -> EventStream<ExecutionEvent> {
        follow(Routes.executionEvents, [id.text])
    }
    package func buildEvents(_ id: BuildID) -> EventStream<BuildEvent> { follow(Routes.buildEvents, [id.text]) }
    package func auditEvents() -> EventStream<AuditView> { follow(Routes.auditEvents) }

    /// - Parameter lines: how many of the last lines come first.
    package func logs(of instance: InstanceID, lines: Int = 100, follow: Bool = false) -> EventStream<LogLine> {
        EventStream(client: self, route: Routes.instanceLogs, path: [instance.description]) { last in
            // After a break the last lines have been seen.
            [("lines", String(last == nil ? lines : 0)), ("follow", follow ? "true" : nil)]
        }
    }

    private func follow<Event: StreamEvent>(_ route: Route, _ path: [String] = []) -> EventStream<Event> {
        EventStream(client: self, route: route, path: path) { _ in [] }
    }
}

extension Filter {
    fileprivate var queryValue: String? { text.isEmpty ? nil : text }
}
