import ConfigRepository
package import Core
import Logging
package import Wire

/// What people ask.
extension FabricService {
    private static let findingsMax = 100

    package func status() async throws(Problem) -> StatusView {
        let loop = await orchestrator.snapshot
        var reasons: [String] = []
        if let problem = await orchestrator.stateProblem {
            reasons.append("state: \(problem.sentence) \(problem.cause)")
        }
        if let problem = await source.problem {
            reasons.append("configuration repository: \(problem.sentence) \(problem.cause)")
        }
        if let pendingCommit {
            reasons.append(
                "commit \(pendingCommit.prefix(12)) "
                    + (pendingProblem.map { "cannot be used: \($0.cause) See `apus validate`" }
                        ?? "waits: see `apus plan --apply`, then `apus apply`"))
        }
        guard loop.desired != nil else { return emptyStatus(reasons: reasons + [Self.nothingDesired.sentence]) }
        let seen = try await sight()
        reasons += seen.warnings
        var status = seen.views.status(pendingCommit: pendingCommit, reasons: reasons)
        status.pendingProblem = pendingProblem
        if seen.isShort { status.colour = .red }
        return status
    }

    package func hosts(_ query: ListQuery) async throws(Problem) -> ListPart<HostView> {
        var part = try await views().hosts(query)
        // Heartbeats change nothing that is kept.
        let heard = await orchestrator.snapshot.hosts
        for index in part.rows.indices { part.rows[index].lastHeard = heard[part.rows[index].name]?.lastHeard }
        return part
    }

    package func hostGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try await views().hostGroups(filter, by: key)
    }

    package func host(_ name: HostName) async throws(Problem) -> HostDetailView {
        let views = try await views()
        var known: [Release] = []
        for app in views.live.hosts[name]?.report?.links.keys.map({ $0 }) ?? [] {
            known += try await releases.releases(of: app)
        }
        guard var view = views.host(name, releases: known) else { throw Self.unknown(name) }
        view.host.lastHeard = await orchestrator.snapshot.hosts[name]?.lastHeard
        return view
    }

    package func instances(_ query: ListQuery) async throws(Problem) -> ListPart<InstanceView> {
        try await views().instances(query)
    }

    package func instance(_ id: InstanceID) async throws(Problem) -> InstanceView {
        guard let view = try await views().instance(id) else {
            throw Problem(
                "instance.unknown", "There is no such instance.", cause: "\(id) is not in the fabric.",
                remedy: "Look at `apus instances` for those that are.")
        }
        return view
    }

    package func instanceGroups(_ filter: Filter, by key: Filter.Key) async throws(Problem) -> [GroupView] {
        try await views().instanceGroups(filter, by: key)
    }

    package func apps() async throws(Problem) -> [AppView] { try await views().apps }

    package func app(_ name: AppName) async throws(Problem) -> AppDetailView {
        let views = try await views()
        let releases = try await releases.releases(of: name, limit: 100)
        let executions = try await executions(of: name, running: false, limit: 20)
        guard let view = views.app(name, releases: releases, executions: executions) else {
            throw Self.unknown(name, in: views.desired.configuration)
        }
        return view
    }

    package func releases(of app: AppName) async throws(Problem) -> [ReleaseView] {
        try await views().releases(of: app, try await releases.releases(of: app, limit: 100))
    }

    package func releaseDiff(of app: AppName, from: Int, to: Int) async throws(Problem) -> ReleaseDiffView {
        let before = try await releases.existing(app, from)
        let after = try await releases.existing(app, to)
        var diff = ReleaseDiffView(before, after)
        let standings = try await views().releases(of: app, [before, after])
        diff.from = standings.first { $0.number == from } ?? diff.from
        diff.to = standings.first { $0.number == to } ?? diff.to
        return diff
    }

    package func delta(_ filter: Filter) async throws(Problem) -> [DeltaView] {
        try await views().instances.filter { filter.admits($0) && $0.delta != .asExpected }.map {
            DeltaView(instance: $0.id, host: $0.host, state: $0.delta, differences: $0.differences)
        }
    }

    package func configuration() async throws(Problem) -> FabricConfiguration {
        guard let configuration = await orchestrator.snapshot.desired?.configuration else { throw Self.nothingDesired }
        return configuration.withoutSecrets
    }

    package func validation() async throws(Problem) -> ValidationView {
        let head = try await source.refresh().head
        let findings = head.reading.diagnostics.map { diagnostic in
            ValidationView.Finding(
                file: diagnostic.position.file, line: diagnostic.position.line, column: diagnostic.position.column,
                text: diagnostic.line, problem: diagnostic.problem)
        }
        return ValidationView(commit: head.commit, findings: findings)
    }

    package func pendingCommit() async throws(Problem) -> PendingCommitView {
        let head = try await source.current()
        let desired = await orchestrator.snapshot.desired?.configuration
        var view = PendingCommitView(
            commit: head.commit, desired: desired?.commit, isDesired: desired?.commit == head.commit)
        view.findings = head.reading.errors.prefix(Self.findingsMax).map { diagnostic in
            ValidationView.Finding(
                file: diagnostic.position.file, line: diagnostic.position.line, column: diagnostic.position.column,
                text: diagnostic.line, problem: diagnostic.problem)
        }
        guard let new = head.reading[fabric] else { return view }
        let before = desired ?? FabricConfiguration(fabric: fabric, commit: "")
        view.changes = ConfigurationDiff.changes(from: before.withoutSecrets, to: new.withoutSecrets).map {
            PendingCommitView.Change(path: $0.path, before: $0.before, after: $0.after)
        }
        return view
    }

    package func readiness() async throws(Problem) {
        if let problem = await orchestrator.stateProblem { throw problem }
        guard await orchestrator.snapshot.desired != nil else { throw Self.nothingDesired }
    }

    package func execution(_ id: ExecutionID) async throws(Problem) -> ExecutionView {
        view(try await found(id), withSteps: true)
    }

    package func build(_ id: BuildID) async throws(Problem) -> BuildView {
        guard let view = builds.view(id) else { throw Self.unknown(id) }
        return view
    }

    package func audit(limit: Int, before: Int64?) async throws(Problem) -> [AuditView] {
        try await audit.entries(before: before, limit: limit).map(AuditView.init)
    }

    package func changes(after: Int64?) async throws(Problem) -> AsyncStream<ChangeEvent> { orchestrator.feed.stream() }

    package func executionEvents(_ id: ExecutionID, after: Int64?) async throws(Problem) -> AsyncStream<ExecutionEvent>
    {
        let execution = try await found(id)
        if let stream = orchestrator.progress.stream(of: execution.id, after: after) { return stream }
        // It ended before the server started: how it ended is all that there is to say.
        return AsyncStream { continuation in
            continuation.yield(
                ExecutionEvent(
                    sequence: 1, at: execution.endedAt ?? now(), kind: .state, state: execution.state,
                    problem: execution.machine.problem, traffic: execution.traffic))
            continuation.finish()
        }
    }

    package func buildEvents(_ id: BuildID, after: Int64?) async throws(Problem) -> AsyncStream<BuildEvent> {
        guard let stream = builds.stream(of: id, after: after) else { throw Self.unknown(id) }
        return stream
    }

    package func auditEvents(after: Int64?) async throws(Problem) -> AsyncStream<AuditView> {
        let entries = audit.stream(after: after)
        return AsyncStream { continuation in
            // The stream outlives this call: the task ends with its reader.
            let task = Task {
                do {
                    for try await batch in entries { for entry in batch { continuation.yield(AuditView(entry)) } }
                } catch {
                    logger.error("audit stream ended", metadata: ["problem": "\(error)"])
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    package func logs(of instance: InstanceID, lines: Int, follow: Bool) async throws(Problem) -> AsyncStream<LogLine> {
        let loop = await orchestrator.snapshot
        let hosts = loop.hosts.values.filter { $0.report?.instances.contains { $0.id == instance } == true }
        guard let host = hosts.first(where: { $0.contact == .connected }) ?? hosts.first else {
            throw Problem(
                "instance.unknown", "There is no such instance.", cause: "No host reports \(instance).",
                remedy: "See `apus instances`.")
        }
        let chunks = try link.tail(instance, on: host.name, lines: lines, follow: follow)
        return AsyncStream { continuation in
            // The stream outlives this call: the task ends with its reader.
            let task = Task {
                var sequence: Int64 = 0
                do {
                    for try await chunk in chunks {
                        for line in chunk {
                            sequence += 1
                            continuation.yield(LogLine(sequence: sequence, text: line))
                        }
                    }
                } catch {
                    continuation.yield(LogLine(sequence: sequence + 1, text: "(\(host.name) went away: \(error))"))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    func found(_ id: ExecutionID) async throws(Problem) -> Execution {
        guard let number = Int64(id.text) else { throw Self.unknown(id) }
        let loop = await orchestrator.snapshot
        if let running = loop.executions.values.first(where: { $0.id == number }) { return counted(running, loop) }
        guard let execution = try await orchestrator.store.execution(number) else { throw Self.unknown(id) }
        return counted(execution, loop)
    }

    /// With what was counted until now, where more is counted than was saved.
    func counted(_ execution: Execution, _ loop: Orchestrator) -> Execution {
        var execution = execution
        execution.traffic = loop.traffic(of: execution.id, at: now()) ?? execution.traffic
        return execution
    }

    private func emptyStatus(reasons: [String]) -> StatusView {
        StatusView(
            fabric: fabric, colour: .red, reasons: reasons, commit: "", pendingCommit: pendingCommit,
            desiredRevision: 0,
            liveRevision: 0, at: now(), hosts: ColourCounts(), instances: ColourCounts(), apps: [], hostList: [],
            executions: [])
    }

    private static func unknown(_ id: BuildID) -> Problem {
        Problem(
            "build.unknown", "There is no such build.", cause: "\(id) is not one of this run of the server.",
            remedy: "Deploy again; see `apus releases` for what was built.")
    }
}

extension FabricConfiguration {
    /// Private keys of certificates are not for everyone who may look.
    var withoutSecrets: FabricConfiguration {
        var configuration = self
        for (name, var balancer) in configuration.balancers {
            for index in balancer.listeners.indices where balancer.listeners[index].certificate != nil {
                balancer.listeners[index].certificate = "(not shown)"
            }
            configuration.balancers[name] = balancer
        }
        configuration.policy.hooks = configuration.policy.hooks.map(\.withoutPath)
        return configuration
    }
}
