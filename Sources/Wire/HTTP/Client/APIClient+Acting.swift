package import Core

extension APIClient {
    package func makePlans(_ request: PlanRequest) async throws(Problem) -> [PlanView] {
        try await call(Routes.makePlan, with: request)
    }
    package func approve(_ id: PlanID) async throws(Problem) -> AcceptedView {
        try await call(Routes.approvePlan, [id.text])
    }
    package func control(_ id: ExecutionID, _ request: ControlRequest) async throws(Problem) -> ExecutionView {
        try await call(Routes.controlExecution, [id.text], with: request)
    }
    package func apply(_ request: ApplyRequest = ApplyRequest()) async throws(Problem) -> AcceptedView {
        try await call(Routes.apply, with: request)
    }
    package func deploy(_ app: AppName, _ request: DeployRequest = DeployRequest()) async throws(Problem)
        -> AcceptedView
    {
        try await call(Routes.deploy, [app.text], with: request)
    }
    package func rollback(_ app: AppName, _ request: RollbackRequest = RollbackRequest()) async throws(Problem)
        -> AcceptedView
    {
        try await call(Routes.rollback, [app.text], with: request)
    }
    package func scale(_ app: AppName, _ request: ScaleRequest) async throws(Problem) -> AcceptedView {
        try await call(Routes.scale, [app.text], with: request)
    }
    package func drain(_ host: HostName) async throws(Problem) -> AcceptedView {
        try await call(Routes.drain, [host.text])
    }
    package func undrain(_ host: HostName) async throws(Problem) -> AcceptedView {
        try await call(Routes.undrain, [host.text])
    }
    package func testNotifications(_ request: NotificationTestRequest) async throws(Problem) -> [NotificationTestView] {
        try await call(Routes.testNotifications, with: request)
    }
    package func createToken(_ request: TokenRequest) async throws(Problem) -> IssuedTokenView {
        try await call(Routes.createToken, with: request)
    }
    package func revokeToken(_ id: String) async throws(Problem) {
        _ = try await send(Routes.revokeToken, [id], [], body: nil)
    }
    package func revokeHost(_ host: HostName) async throws(Problem) {
        _ = try await send(Routes.revokeHost, [host.text], [], body: nil)
    }
    package func createJoinToken(_ request: JoinTokenRequest = JoinTokenRequest()) async throws(Problem)
        -> JoinTokenView
    {
        try await call(Routes.createJoinToken, with: request)
    }
}
