/// The order between apps, where Apus itself brings them up or takes them away. Deploys that people
/// ask for wait in the control plane, since each is an execution of its own.
extension Orchestrator {
    /// Whether an app is to be left alone until others are up, or gone.
    ///
    /// Only an app of which nothing serves waits: one that serves is repaired whatever has become of
    /// those before it.
    func waitsForOthers(_ app: AppName) -> Bool {
        guard let desired else { return false }
        guard let spec = desired.configuration.apps[app] else { return waitsForDeparture(app) }
        guard !spec.after.isEmpty, desired.releases[app] != nil, servingRelease(of: app) == nil else { return false }
        return spec.after.contains { !isUp($0, desired) }
    }

    /// What was never deployed holds up nobody. Else every process has to serve somewhere.
    private func isUp(_ app: AppName, _ desired: DesiredModel) -> Bool {
        guard desired.configuration.apps[app] != nil, let release = desired.releases[app] else { return true }
        guard executions[app] == nil else { return false }
        let serving = Set(
            records.of(app).values.lazy.filter { $0.duty == .serving }.map(\.id.process))
        return release.processes.values.allSatisfy {
            desired.instances(of: app, $0) == 0 || serving.contains($0.name)
        }
    }

    /// An app that git no longer has leaves when those that came after it, and leave too, have left.
    private func waitsForDeparture(_ app: AppName) -> Bool {
        departed.contains { $0.key != app && $0.value.contains(app) }
    }

    mutating func forgetDeparted() {
        guard !departed.isEmpty else { return }
        let present = Set(records.apps)
        departed = departed.filter { present.contains($0.key) }
    }
}
