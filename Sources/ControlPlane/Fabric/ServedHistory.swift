import Core

/// Which releases of an app have served, the last one last: what a rollback without a number
/// goes back to.
struct ServedHistory: Sendable {
    private static let kept = 20
    let store: any StateStore

    /// Notes a rollout that has succeeded.
    func note(_ execution: Execution) async throws(Problem) {
        guard execution.state == .succeeded, let release = execution.machine.plan.release,
            execution.kind == .deploy || execution.kind == .rollback
        else { return }
        try await store.update(try key(execution.app)) { found in
            var served = found ?? []
            served.removeAll { $0 == release }
            served.append(release)
            return Array(served.suffix(Self.kept))
        }
    }

    func releases(of app: AppName) async throws(Problem) -> [Int] { try await store.get(try key(app))?.value ?? [] }

    private func key(_ app: AppName) throws(Problem) -> TypedKey<[Int]> { try TypedKey("served/\(app)") }
}
