import ConfigRepository
package import Core
package import Wire

/// What people have done: deploys, rollbacks, scales, drains.
extension FabricService {
    package func apply(_ request: ApplyRequest, by principal: Principal) async throws(Problem) -> AcceptedView {
        let head =
            if let commit = request.commit { try await source.read(commit) } else { try await source.refresh().head }
        let configuration = try head.reading.configuration(of: fabric)
        let begun = try await apply(configuration, by: principal.label, role: principal.role.rawValue)
        let loop = await orchestrator.snapshot
        let words = begun.isEmpty ? "No app needs another release." : "\(begun.count) apps are built and deployed."
        return AcceptedView(
            desiredRevision: loop.desired?.revision, commit: head.commit, build: begun.count == 1 ? begun[0].id : nil,
            executions: loop.executions.values.map { ExecutionID(checked: "\($0.id)") }.sorted(),
            sentence: "Commit \(head.commit.prefix(12)) is desired now. \(words)")
    }

    package func deploy(
        _ name: AppName, _ request: DeployRequest, by principal: Principal
    ) async throws(Problem) -> AcceptedView {
        let (app, configuration) = try await declared(name)
        var rollout = request.rollout ?? RolloutOverrides()
        if request.now == true { rollout.strategy = .allAtOnce }
        try rollout.applied(to: app.rollout).check()
        // The head may have begun this very deploy a moment ago: then that one is followed.
        let joins = request.ref == nil && request.filter == nil
        if joins, let running = builds.running(name), rollout.isEmpty || !deploying.contains(running.id) {
            if !rollout.isEmpty { rolloutsAsked[running.id] = rollout }
            return AcceptedView(
                app: name, commit: configuration.commit, build: running.id,
                sentence: "\(name) is being deployed already, by \(running.startedBy).")
        }
        if request.ref == nil, rollout.isEmpty, let running = await orchestrator.snapshot.executions[name],
            running.kind == .deploy, try await isWhatIsAsked(running, app, configuration)
        {
            return AcceptedView(
                app: name, commit: configuration.commit, executions: [ExecutionID(checked: "\(running.id)")],
                sentence:
                    "\(name) r\(running.machine.plan.release ?? 0) is being deployed already, by \(running.startedBy).")
        }
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "deploy.request", subject: "app/\(name)",
            details: request.ref.map { "ref \($0)" }, commit: configuration.commit, execution: nil, address: nil)
        let wanted = rollout
        let view = try await audit.recording(action) { () throws(Problem) in
            let deploy = AcceptedDeploy(
                app: name, ref: request.ref, rollout: wanted, filter: request.filter, who: principal.label,
                acceptedAt: self.now())
            return try await self.enqueue(deploy, of: app, in: configuration, joins: joins)
        }
        return AcceptedView(
            app: name, commit: configuration.commit, build: view.id, sentence: "\(name) is being built and deployed.")
    }

    package func rollback(
        _ name: AppName, _ request: RollbackRequest, by principal: Principal
    ) async throws(Problem) -> AcceptedView {
        let release = if let number = request.release { number } else { try await releaseBefore(name) }
        let known = try await releases.existing(name, release)
        let request = Orchestrator.Request(
            app: name, kind: .rollback, release: release, requestedBy: principal.label)
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "rollback.request", subject: "app/\(name)",
            details: "to r\(release)", commit: nil, execution: nil, address: nil)
        let execution = try await audit.recording(action) { () throws(Problem) in
            try await self.orchestrator.perform { (loop, now) throws(Problem) in
                let added = loop.receive(.releaseAdded(known), at: now)
                let begun = try loop.begin(request, at: now)
                return (begun.execution, added + begun.actions)
            }
        }
        return AcceptedView(
            app: name, executions: execution.map { [ExecutionID(checked: "\($0)")] } ?? [],
            sentence: execution == nil
                ? "\(name) runs r\(release) already, and is held there."
                : "\(name) goes back to r\(release), and is held there.")
    }

    package func scale(_ name: AppName, _ request: ScaleRequest, by principal: Principal) async throws(Problem)
        -> AcceptedView
    {
        let (app, _) = try await declared(name)
        guard let process = app.processes[request.process] else {
            throw Problem(
                "process.unknown", "There is no such process.",
                cause:
                    "\(name) has \(app.processes.keys.sorted().map(\.text).joined(separator: ", ")), not \(request.process).",
                remedy: "Name one of them.")
        }
        guard process.replacement != .once else {
            throw Problem(
                "process.once", "It is not scaled.", cause: "\(request.process) runs once for each release of \(name).",
                remedy: "Scale one of the other processes.")
        }
        if let count = request.count, !(0...10_000).contains(count) {
            throw Problem(
                "scale.invalid", "That many instances cannot be.", cause: "\(count) was asked for.",
                remedy: "Give a number from 0 to 10000.")
        }
        let words = request.count.map { "\($0) instances" } ?? "as many as git says"
        return try await override(
            "scale", subject: "app/\(name)", details: "\(request.process): \(words)", app: name, by: principal,
            sentence: "\(name).\(request.process) will have \(words)."
        ) { overrides in
            overrides.scale[name, default: [:]][request.process] = request.count
            if overrides.scale[name]?.isEmpty == true { overrides.scale[name] = nil }
        }
    }

    package func drain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView {
        try await requireDeclared(host)
        return try await override(
            "drain", subject: "host/\(host)", details: nil, app: nil, by: principal,
            sentence: "\(host) is being emptied, and takes nothing new."
        ) { $0.drained.insert(host) }
    }

    package func undrain(_ host: HostName, by principal: Principal) async throws(Problem) -> AcceptedView {
        try await requireDeclared(host)
        return try await override(
            "undrain", subject: "host/\(host)", details: nil, app: nil, by: principal,
            sentence: "\(host) takes instances again."
        ) { $0.drained.remove(host) }
    }

    package func control(
        _ id: ExecutionID, _ request: ControlRequest, by principal: Principal
    ) async throws(Problem) -> ExecutionView {
        guard let number = Int64(id.text) else { throw Self.unknown(id) }
        let control: ExecutionControl
        switch (request.action, request.step) {
        case (.pause, _): control = .pause
        case (.resume, _): control = .resume
        case (.abort, _): control = .abort
        case (.retry, _): control = .retry
        case (.cancelStep, let step?): control = .cancelStep(step)
        case (.cancelStep, nil):
            throw Problem(
                "control.step-missing", "Which step is to be cancelled?", cause: "The request names none.",
                remedy: "Give `step`, its number in the execution.")
        }
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: "execution.\(request.action.rawValue)",
            subject: "execution/\(number)", details: request.step.map { "step \($0)" }, commit: nil,
            execution: "\(number)", address: nil)
        try await audit.recording(action) { () throws(Problem) in
            try await self.orchestrator.perform { (loop, now) throws(Problem) in
                ((), try loop.control(execution: number, control, at: now))
            }
        }
        return try await execution(id)
    }

    private func override(
        _ what: String, subject: String, details: String?, app: AppName?, by principal: Principal, sentence: String,
        _ change: @escaping @Sendable (inout Overrides) -> Void
    ) async throws(Problem) -> AcceptedView {
        let action = AuditAction(
            who: principal.label, role: principal.role.rawValue, what: what, subject: subject, details: details,
            commit: nil, execution: nil, address: nil)
        let loop = try await audit.recording(action) { () throws(Problem) in
            try await self.orchestrator.perform { (loop, now) throws(Problem) in
                guard var overrides = loop.desired?.overrides else { throw Self.nothingDesired }
                change(&overrides)
                return (loop, loop.receive(.overridden(overrides), at: now))
            }
            return await self.orchestrator.snapshot
        }
        let begun = loop.executions.values.filter { app == nil || $0.app == app }.map {
            ExecutionID(checked: "\($0.id)")
        }
        return AcceptedView(
            app: app, desiredRevision: loop.desired?.revision, executions: begun.sorted(), sentence: sentence)
    }

    /// The release that a rollback without a number goes to.
    private func releaseBefore(_ app: AppName) async throws(Problem) -> Int {
        let loop = await orchestrator.snapshot
        let current = loop.desired?.releases[app]?.number
        if let running = loop.executions[app], running.kind == .deploy, let before = running.releaseBefore {
            return before
        }
        let warm = loop.records.values.compactMap { record in
            if record.id.app == app, record.id.release != current, case .warm = record.duty {
                record.id.release
            } else {
                nil
            }
        }
        if let newest = warm.max() { return newest }
        if let served = try await history.releases(of: app).last(where: { $0 != current }) { return served }
        throw Problem(
            "rollback.nowhere", "\(app) cannot go back.", cause: "No other release of it has served.",
            remedy: "Name a release: see `apus releases \(app)`.")
    }

    private func isWhatIsAsked(
        _ execution: Execution, _ app: AppSpec, _ configuration: FabricConfiguration
    ) async throws(Problem) -> Bool {
        guard let number = execution.machine.plan.release, let release = try await releases.release(app.name, number)
        else {
            return false
        }
        return release.configCommit == configuration.commit
    }

    /// The app as the newest desired configuration has it.
    func declared(_ name: AppName) async throws(Problem) -> (AppSpec, FabricConfiguration) {
        await lookAtRepository()
        guard let configuration = await orchestrator.snapshot.desired?.configuration else { throw Self.nothingDesired }
        guard let app = configuration.apps[name] else { throw Self.unknown(name, in: configuration) }
        return (app, configuration)
    }

    private func requireDeclared(_ host: HostName) async throws(Problem) {
        guard await orchestrator.snapshot.desired?.configuration.hosts[host] != nil else { throw Self.unknown(host) }
    }

    static let nothingDesired = Problem(
        "configuration.missing", "The fabric has no configuration yet.",
        cause: "No commit of the configuration repository could be read.",
        remedy: "Run `apus validate` in it, and mend what it says.")

    static func unknown(_ app: AppName, in configuration: FabricConfiguration) -> Problem {
        let known = configuration.apps.keys.sorted().map(\.text).joined(separator: ", ")
        return Problem(
            "app.unknown", "There is no such app.", cause: "\(configuration.fabric) has \(known), not \(app).",
            remedy: "Write apps/\(app).yaml, or name one of them.")
    }

    static func unknown(_ host: HostName) -> Problem {
        Problem(
            "host.unknown", "There is no such host.",
            cause: "Git does not declare \(host), and no agent has joined by that name.",
            remedy: "See `apus hosts`.")
    }

    static func unknown(_ execution: ExecutionID) -> Problem {
        Problem(
            "execution.unknown", "There is no such execution.", cause: "\(execution) is not known here.",
            remedy: "See `apus executions`.")
    }
}
