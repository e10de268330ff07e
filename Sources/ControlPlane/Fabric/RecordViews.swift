import Core
import Wire

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
        let steps: [StepView] =
            !withSteps
            ? []
            : machine.steps.map { progress in
                let output = orchestrator.progress.output(of: progress.step.id, in: execution.id)
                var step = StepView(
                    progress.step, state: progress.state, startedAt: progress.startedAt, endedAt: progress.endedAt)
                step.output = output.lines
                step.outputLinesDropped = output.dropped
                step.findings = progress.hold?.judgement?.lines ?? []
                return step
            }
        return ExecutionView(
            id: id, app: execution.app, kind: execution.kind, state: execution.state, release: machine.plan.release,
            plan: plans.values.first { $0.view.execution == id }?.view.id, build: builds.build(of: id),
            commit: execution.configCommit, startedBy: execution.startedBy, startedAt: execution.startedAt,
            endedAt: execution.endedAt,
            problem: machine.problem, summary: machine.plan.summary.text, stepsDone: done,
            stepsTotal: machine.steps.count, traffic: execution.traffic.flatMap { $0.releases.isEmpty ? nil : $0 },
            steps: steps, tree: withSteps ? PlanNodeView(machine.plan.root) : nil)
    }
}
