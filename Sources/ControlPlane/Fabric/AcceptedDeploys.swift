import Core

/// A deploy that somebody was told would be carried out.
struct AcceptedDeploy: Codable, Sendable {
    var app: AppName
    var ref: String?
    var rollout = RolloutOverrides()
    var filter: Filter?
    var who: String
    var acceptedAt: Instant
}

/// Deploys that were accepted and have not become an execution, one for each app: what a server
/// that is killed while it builds goes on with.
struct AcceptedDeploys: Sendable {
    private static let prefix = "accepted-deploys/"
    let store: any StateStore

    func put(_ deploy: AcceptedDeploy) async throws(Problem) { try await store.put(try key(deploy.app), deploy) }

    func remove(_ app: AppName) async throws(Problem) { try await store.delete(try key(app).key) }

    func all() async throws(Problem) -> [AcceptedDeploy] {
        try await store.values(.prefix(Self.prefix), as: AcceptedDeploy.self)
    }

    private func key(_ app: AppName) throws(Problem) -> TypedKey<AcceptedDeploy> {
        try TypedKey("\(Self.prefix)\(app)")
    }
}

extension OrchestrationStore {
    /// How many executions are looked at: more than can begin between two writes.
    private static let executionsLookedAt = 20

    /// Whether an accepted deploy has become an execution.
    func hasBegun(_ deploy: AcceptedDeploy) async throws(Problem) -> Bool {
        for number in try await executionNumbers(limit: Self.executionsLookedAt) {
            guard let execution = try await execution(number) else { continue }
            if execution.app == deploy.app, execution.kind == .deploy, execution.startedAt >= deploy.acceptedAt {
                return true
            }
        }
        return false
    }
}
