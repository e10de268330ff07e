import Core
import Wire

enum ExecutionText {
    static func table(_ executions: [ExecutionView], at now: Instant) -> Table {
        var table = Table([
            .init("EXECUTION", isRight: true), .init("APP"), .init("WHAT"), .init("STATE"),
            .init("STEPS", isRight: true),
            .init("TOOK", isRight: true), .init("BEGUN", isOptional: true), .init("BY", isElastic: true),
            .init("WHY", isElastic: true),
        ])
        for execution in executions {
            let took = (execution.endedAt ?? now) - execution.startedAt
            table.add([
                StyledText(execution.id.text, .bold), StyledText(execution.app.text), StyledText(what(execution)),
                state(execution.state), StyledText("\(execution.stepsDone)/\(execution.stepsTotal)"),
                StyledText(Words.duration(took)), StyledText(Words.age(execution.startedAt, at: now)),
                StyledText(execution.startedBy), StyledText(execution.problem?.cause ?? execution.summary),
            ])
        }
        return table
    }

    static func detail(_ execution: ExecutionView, at now: Instant, width: Int?) -> [StyledText] {
        let took = Words.duration((execution.endedAt ?? now) - execution.startedAt)
        var lines = [
            StyledText("\(what(execution)) of \(execution.app)", .bold) + " " + state(execution.state)
                + StyledText(
                    "  execution \(execution.id) · \(execution.stepsDone) of \(Words.count(execution.stepsTotal, "step")) · \(took)"
                        + " · by \(execution.startedBy), \(Words.time(execution.startedAt))", .dim)
        ]
        if let problem = execution.problem { lines += ProblemText.lines(problem) }
        var table = Table([
            .init("STEP", isRight: true), .init("STATE"), .init("TOOK", isRight: true), .init("WHAT", isElastic: true),
            .init("WHY", isElastic: true),
        ])
        for step in execution.steps {
            let took = step.startedAt.map { Words.duration((step.endedAt ?? now) - $0) } ?? ""
            table.add([
                StyledText("\(step.id)"), state(step.state), StyledText(took), StyledText(step.title),
                StyledText(step.problem?.cause ?? step.reason),
            ])
        }
        if !execution.steps.isEmpty { lines += [""] + table.lines(width: width) }
        if let traffic = execution.traffic {
            lines += [""] + TrafficText.table(traffic).lines(width: width)
            if !traffic.isFinal { lines.append(StyledText("Still being counted.", .dim)) }
        }
        for step in execution.steps where !step.findings.isEmpty {
            lines += ["", StyledText("Found in step \(step.id)", .bold)] + step.findings.map { StyledText("  \($0)") }
        }
        for step in execution.steps where step.state == .failed && !step.output.isEmpty {
            lines += ["", StyledText("Output of step \(step.id)", .bold)]
            if step.outputLinesDropped > 0 {
                lines.append(StyledText("  (\(step.outputLinesDropped) lines before)", .dim))
            }
            lines += step.output.map { StyledText("  \($0)") }
        }
        return lines
    }

    static func what(_ execution: ExecutionView) -> String {
        execution.kind.rawValue + (execution.release.map { " r\($0)" } ?? "")
    }

    static func state(_ state: ExecutionState) -> StyledText {
        switch state {
        case .running: StyledText("… running", .cyan)
        case .paused: StyledText("! paused", .yellow)
        case .succeeded: StyledText("✓ succeeded", .green)
        case .failed: StyledText("✗ failed", .red)
        case .aborted: StyledText("✗ aborted", .red)
        }
    }

    static func state(_ state: StepView.State) -> StyledText {
        switch state {
        case .waiting: StyledText("· waiting", .dim)
        case .running: StyledText("… running", .cyan)
        case .succeeded: StyledText("✓ succeeded", .green)
        case .failed: StyledText("✗ failed", .red)
        case .cancelled: StyledText("! cancelled", .yellow)
        case .skipped: StyledText("· skipped", .dim)
        }
    }
}
