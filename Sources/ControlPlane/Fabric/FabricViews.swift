import Core
import Wire

extension InstanceView {
    init(
        _ delta: Delta, record: InstanceRecord?, live: LiveInstance?, host: HostSpec?, contact: LiveHost.Contact?,
        desired: DesiredModel
    ) {
        let (colour, reason) = Self.standing(delta, record: record, live: live, contact: contact)
        var warmUntil: Instant?
        if case .warm(let until)? = record?.duty { warmUntil = until }
        var labels = host.map { desired.classLabels(of: $0) } ?? [:]
        labels.merge(host?.labels ?? [:]) { _, own in own }
        self.init(
            id: delta.instance, app: delta.instance.app, process: delta.instance.process, slot: delta.instance.slot,
            release: delta.instance.release, host: delta.host, zone: host?.zone, hostClass: host?.hostClass,
            labels: labels, state: live?.state ?? .none, health: live?.health ?? .unchecked,
            duty: record.flatMap { Duty(rawValue: $0.duty.word) } ?? .none, warmUntil: warmUntil, colour: colour,
            reason: reason, port: live?.port ?? record?.port, processID: live?.processID, restarts: live?.restarts ?? 0,
            since: live?.since, delta: delta.state, differences: delta.differences)
    }

    private static func standing(
        _ delta: Delta, record: InstanceRecord?, live: LiveInstance?, contact: LiveHost.Contact?
    ) -> (Colour, String) {
        switch delta.state {
        case .unknown:
            return contact == .lost ? (.red, "its host is lost") : (.yellow, "its host is silent: what it is now is not known")
        case .inError: return (.red, live?.failure ?? "its probe fails")
        case .notDeployed: return (record?.duty == .serving ? .red : .yellow, "it is not there yet")
        case .unexpected: return (.yellow, record == nil ? "nobody asked for it" : "it is going")
        case .wrongState where live?.state == .running: return (.yellow, "it is starting")
        case .wrongState: return (record?.duty == .serving ? .red : .yellow, "it is \(live?.state.rawValue ?? "not there")")
        case .different: return (.yellow, delta.differences.first?.description ?? "it differs")
        case .asExpected:
            if case .warm? = record?.duty { return (.green, "warm: ready to take over again") }
            return (.green, live?.health == .healthy ? "healthy" : "running")
        }
    }
}

extension ReleaseView {
    init(_ release: Release, in loop: Orchestrator) {
        var warmUntil: Instant?
        for record in loop.records.values where record.id.app == release.app && record.id.release == release.number {
            if case .warm(let until) = record.duty { warmUntil = max(warmUntil ?? until, until) }
        }
        let isCurrent = loop.desired?.releases[release.app]?.number == release.number
        self.init(
            app: release.app, number: release.number, standing: isCurrent ? .current : warmUntil != nil ? .warm : .kept,
            version: release.package.version, digest: release.package.digest, sizeBytes: release.package.size,
            sourceCommit: release.sourceCommit, configCommit: release.configCommit, createdAt: release.createdAt,
            createdBy: release.createdBy, warmUntil: warmUntil)
    }
}

extension ReleaseDiffView {
    init(_ diff: ReleaseDiff, from: ReleaseView, to: ReleaseView) {
        let values = diff.changes.map { change in
            let parts = change.what.split(separator: " ", maxSplits: 1).map(String.init)
            return Value(
                part: Value.Part(rawValue: parts.first ?? "") ?? .source, key: parts.count > 1 ? parts[1] : change.what,
                before: change.before, after: change.after)
        }
        let files = diff.files.map { file in File(path: file.path, lines: file.lines.map(DiffLine.init)) }
        self.init(app: diff.app, from: from, to: to, values: values, files: files)
    }
}

extension DiffLine {
    init(_ line: LineDiff.Line) {
        let kind: Kind =
            switch line.mark {
            case .same: .same
            case .added: .added
            case .removed: .removed
            case .skipped: .gap
            }
        self.init(kind: kind, text: line.text)
    }
}

extension AuditView {
    init(_ entry: AuditEntry) {
        let outcome: Outcome
        var problem: Problem?
        switch entry.outcome {
        case .started: outcome = .begun
        case .succeeded: outcome = .succeeded
        case .failed(let cause):
            outcome = .failed
            problem = cause
        case .refused(let cause):
            outcome = .refused
            problem = cause
        }
        let detail = [entry.action.details, entry.action.execution.map { "execution \($0)" }].compactMap(\.self)
        self.init(
            number: entry.sequence, at: entry.at, who: entry.action.who, action: entry.action.what,
            subject: entry.action.subject, commit: entry.action.commit, outcome: outcome,
            detail: detail.joined(separator: "; "), problem: problem)
    }
}

extension FabricService {
    func view(_ execution: Execution, withSteps: Bool) -> ExecutionView {
        let id = ExecutionID(checked: "\(execution.id)")
        let machine = execution.machine
        let done = machine.steps.count { $0.state == .succeeded || $0.state == .cancelled }
        let steps: [StepView] = !withSteps ? [] : machine.steps.map { progress in
            let output = orchestrator.progress.output(of: progress.step.id, in: execution.id)
            var problem: Problem?
            if case .failed(let cause) = progress.state { problem = cause }
            return StepView(
                id: progress.step.id, title: progress.step.title, host: progress.step.host, reason: progress.step.reason,
                state: StepView.State(rawValue: progress.state.word) ?? .waiting, startedAt: progress.startedAt,
                endedAt: progress.endedAt, problem: problem, output: output.lines, outputLinesDropped: output.dropped)
        }
        return ExecutionView(
            id: id, app: execution.app, kind: execution.kind, state: execution.state, release: machine.plan.release,
            plan: plans.values.first { $0.view.execution == id }?.view.id, build: builds.build(of: id),
            commit: "", startedBy: execution.startedBy, startedAt: execution.startedAt, endedAt: execution.endedAt,
            problem: machine.problem, summary: machine.plan.summary.text, stepsDone: done, stepsTotal: machine.steps.count,
            steps: steps, tree: withSteps ? PlanNodeView(machine.plan.root) : nil)
    }
}
