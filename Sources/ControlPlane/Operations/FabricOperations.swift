package import Core
package import Wire

/// Everything that can be asked of, or done to, a fabric: the facade that server, dashboard and
/// tests call, one function for each use case.
///
/// Who may call what is decided before, by the route table. Functions that act take the
/// principal, write the audit log before they act, and return as soon as the action is recorded;
/// what follows is watched through the streams. A stream ends when its subject has ended or the
/// reader's task is cancelled; a reader that is slow loses nothing of an execution's, a build's or
/// an audit stream, while changes of the fabric are coalesced.
package protocol FabricOperations: Sendable {
    var fabric: FabricName { get }

    // Reading.
    func status() async throws(Problem) -> StatusView
    /// - Throws: `cursor.invalid`.
    func hosts(_ query: ListQuery) async throws(Problem) -> ListPart<HostView>
    /// Counted by what they have under the key, the worst first.
    func hostGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView]
    /// - Throws: `host.unknown`.
    func host(_ name: HostName) async throws(Problem) -> HostDetailView
    /// - Throws: `cursor.invalid`.
    func instances(_ query: ListQuery) async throws(Problem) -> ListPart<InstanceView>
    /// - Throws: `instance.unknown`.
    func instance(_ id: InstanceID) async throws(Problem) -> InstanceView
    func instanceGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView]
    func apps() async throws(Problem) -> [AppView]
    /// - Throws: `app.unknown`.
    func app(_ name: AppName) async throws(Problem) -> AppDetailView
    func releases(of app: AppName) async throws(Problem) -> [ReleaseView]
    /// - Throws: `release.unknown`.
    func releaseDiff(of app: AppName, from: Int, to: Int) async throws(Problem) -> ReleaseDiffView
    func delta(_ filter: Filter) async throws(Problem) -> [DeltaView]
    func configuration() async throws(Problem) -> FabricConfiguration
    /// Of the configuration repository's head as it is now.
    func validation() async throws(Problem) -> ValidationView
    /// The configuration repository's head as it was last read, beside what is desired.
    func pendingCommit() async throws(Problem) -> PendingCommitView
    func doctor() async throws(Problem) -> [DoctorFinding]
    /// - Throws: why requests would not be served well: starting, or without the lease.
    func readiness() async throws(Problem)

    // Plans, executions, builds.
    func makePlans(_ request: PlanRequest, by principal: Principal) async throws(Problem) -> [PlanView]
    /// - Throws: `plan.unknown`.
    func plan(_ id: PlanID) async throws(Problem) -> PlanView
    /// - Throws: `plan.stale`.
    func approve(_ id: PlanID, by principal: Principal) async throws(Problem) -> AcceptedView
    /// The newest first.
    func executions(of app: AppName?, running: Bool, limit: Int) async throws(Problem) -> [ExecutionView]
    /// - Throws: `execution.unknown`.
    func execution(_ id: ExecutionID) async throws(Problem) -> ExecutionView
    func control(_ id: ExecutionID, _ request: ControlRequest, by principal: Principal) async throws(Problem)
        -> ExecutionView
    /// - Throws: `build.unknown`.
    func build(_ id: BuildID) async throws(Problem) -> BuildView

    // Acting.
    func apply(_ request: ApplyRequest, by principal: Principal) async throws(Problem) -> AcceptedView
    func deploy(_ app: AppName, _ request: DeployRequest, by principal: Principal) async throws(Problem) -> AcceptedView
    func rollback(_ app: AppName, _ request: RollbackRequest, by principal: Principal) async throws(Problem)
        -> AcceptedView
    func scale(_ app: AppName, _ request: ScaleRequest, by principal: Principal) async throws(Problem) -> AcceptedView
    func drain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView
    func undrain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView

    // Notifications.
    func notifications() async throws(Problem) -> [NotificationHookView]
    /// - Throws: `hook.unknown`.
    func testNotifications(_ request: NotificationTestRequest, by principal: Principal) async throws(Problem)
        -> [NotificationTestView]

    // Records.
    /// The newest first; only entries with a lower number than `before`, when it is given.
    func audit(limit: Int, before: Int64?) async throws(Problem) -> [AuditView]

    // Streams. `after` is the sequence of the last event that the reader has; the stream goes on
    // behind it. nil: from the beginning of an execution or build, from now for the others.
    func changes(after: Int64?) async throws(Problem) -> AsyncStream<ChangeEvent>
    func executionEvents(_ id: ExecutionID, after: Int64?) async throws(Problem) -> AsyncStream<ExecutionEvent>
    func buildEvents(_ id: BuildID, after: Int64?) async throws(Problem) -> AsyncStream<BuildEvent>
    func auditEvents(after: Int64?) async throws(Problem) -> AsyncStream<AuditView>
    /// - Throws: `instance.unknown`, `host.silent`.
    func logs(of instance: InstanceID, lines: Int, follow: Bool) async throws(Problem) -> AsyncStream<LogLine>
}
