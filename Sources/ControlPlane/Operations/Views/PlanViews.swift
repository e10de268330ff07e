package import Core
package import Wire

extension PlanView {
    package init(
        _ plan: Plan, id: PlanID, purpose: PlanRequest.Purpose, releaseBefore: Int?, commit: String, createdAt: Instant,
        createdBy: String, stale: String? = nil, execution: ExecutionID? = nil
    ) {
        self.init(
            id: id, app: plan.app, kind: plan.kind, purpose: purpose, release: plan.release,
            releaseBefore: releaseBefore,
            commit: commit, desiredRevision: plan.desiredRevision, liveRevision: plan.liveRevision,
            createdAt: createdAt,
            createdBy: createdBy, stale: stale, execution: execution,
            changes: plan.changes.map {
                Change(sign: $0.sign, subject: $0.subject, host: $0.host, reason: $0.reason)
            },
            summary: Summary(
                added: plan.summary.added, changed: plan.summary.changed, removed: plan.summary.removed,
                unchanged: plan.summary.unchanged, text: plan.summary.text),
            warnings: plan.warnings + (plan.refusal.map { ["\($0.sentence) \($0.cause) \($0.remedy)"] } ?? []),
            steps: PlanNodeView(plan.root))
    }
}

extension PlanNodeView {
    package init(_ node: PlanNode) {
        switch node {
        case .step(let step):
            self.init(kind: .step, title: step.title, step: step.id, host: step.host, reason: step.reason)
        case .sequential(let title, let children):
            self.init(kind: .sequential, title: title, children: children.map { PlanNodeView($0) })
        case .parallel(let title, let limit, let children):
            self.init(kind: .parallel, title: title, limit: limit, children: children.map { PlanNodeView($0) })
        }
    }
}

extension StepView {
    /// A step that has not begun.
    package init(_ step: Step, state: StepState = .waiting, startedAt: Instant? = nil, endedAt: Instant? = nil) {
        var problem: Problem?
        if case .failed(let cause) = state { problem = cause }
        self.init(
            id: step.id, title: step.title, host: step.host, reason: step.reason, state: State(state),
            startedAt: startedAt, endedAt: endedAt, problem: problem)
    }
}

extension StepView.State {
    package init(_ state: StepState) {
        switch state {
        case .waiting: self = .waiting
        case .running: self = .running
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .cancelled: self = .cancelled
        case .skipped: self = .skipped
        }
    }
}

extension ExecutionView {
    /// Without the steps, as lists show it.
    package var withoutSteps: ExecutionView {
        var view = self
        view.steps = []
        view.tree = nil
        return view
    }
}
