package import Core
package import Wire

/// Lists of executions.
extension FabricService {
    package func executions(of app: AppName?, running: Bool, limit: Int) async throws(Problem) -> [ExecutionView] {
        let loop = await orchestrator.snapshot
        if running {
            return loop.executions.values.filter { app == nil || $0.app == app }.sorted { $0.id > $1.id }
                .map { view(counted($0, loop), withSteps: false) }
        }
        var views: [ExecutionView] = []
        for number in try await orchestrator.store.executionNumbers(limit: .max) {
            guard views.count < limit else { break }
            if let live = loop.executions.values.first(where: { $0.id == number }) {
                if app == nil || live.app == app { views.append(view(counted(live, loop), withSteps: false)) }
            } else if let view = try await ended(number, of: app, loop) {
                views.append(view)
            }
        }
        return views
    }

    /// An execution that has ended; nil if it is another app's. Its plan, which names every instance
    /// that it concerns, is read once: the app's page shows the last twenty.
    private func ended(_ number: Int64, of app: AppName?, _ loop: Orchestrator) async throws(Problem) -> ExecutionView?
    {
        if let known = endedExecutions[number] {
            guard app == nil || known.app == app else { return nil }
            // It may have been tried again.
            if try await orchestrator.store.isAsEnded(number, state: known.state, at: known.endedAt) {
                var view = known
                var traffic = loop.traffic(of: number, at: now())
                if traffic == nil { traffic = try await orchestrator.store.traffic(of: number) }
                view.traffic = traffic.flatMap { $0.releases.isEmpty ? nil : $0 }
                return view
            }
        }
        guard let execution = try await orchestrator.store.execution(number) else { return nil }
        let view = view(counted(execution, loop), withSteps: false)
        if execution.state.isEnded {
            if endedExecutions.count >= Self.endedExecutionsMax { endedExecutions = [:] }
            endedExecutions[number] = view
        }
        return app == nil || view.app == app ? view : nil
    }
}
