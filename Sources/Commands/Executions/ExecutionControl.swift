import Core
import Wire

extension Session {
    /// Steers an execution, and shows how it is then.
    func control(_ execution: String, _ request: ControlRequest, json: Bool) async throws {
        let view = try await client.control(try ExecutionID(execution), request)
        let now = console.now()
        try console.show(view, json: json) { ExecutionText.table([$0], at: now).lines(width: $1) }
        guard !json else { return }
        switch view.state {
        case .paused: console.suggest("Go on with `apus resume \(view.id)`, or give up with `apus abort \(view.id)`.")
        case .running: console.suggest("Follow it with `apus executions \(view.id) --follow`.")
        case .failed, .aborted: console.suggest("See its steps with `apus executions \(view.id)`.")
        case .succeeded: break
        }
    }
}
