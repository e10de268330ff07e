import Core
import Wire

struct ExecutionPage {
    let execution: ExecutionView
    let viewer: Viewer

    static func table(_ executions: [ExecutionView], _ viewer: Viewer) -> HTML {
        if executions.isEmpty { return #"<p class="muted">None yet.</p>"# }
        return """
            <div class="scroll"><table><thead><tr><th>Execution</th><th>State</th><th>Steps</th><th>Changes</th><th class="r">Requests meanwhile</th><th>By</th><th>Began</th><th class="r">Took</th></tr></thead>
            <tbody>\(executions.html { execution in
                """
                <tr data-row tabindex="-1"><td><a href="/executions/\(execution.id)">\(execution.kind.rawValue) \(execution.app)\(html(execution.release) { " r\($0)" })</a></td>
                <td>\(Controls.state(execution.state))</td><td>\(Controls.progress(execution))</td><td class="muted">\(execution.summary)</td><td class="r">\(html(execution.traffic, TrafficTable.total))</td>
                <td>\(execution.startedBy)</td><td>\(Controls.time(execution.startedAt, viewer.now))</td><td class="r">\(Controls.duration(execution.startedAt, execution.endedAt ?? viewer.now))</td></tr>
                """
            })</tbody></table></div>
            """
    }

    var body: HTML {
        let byID = Dictionary(execution.steps.map { ($0.id, $0) }) { $1 }
        return """
            <div class="title" data-follow="/v1/executions/\(execution.id)/events"><h1>\(execution.kind.rawValue) \(Controls.app(execution.app))\(html(execution.release) { " r\($0)" })</h1>
            \(Controls.state(execution.state))\(Controls.progress(execution))<span class="spacer"></span>\(logs)\(controls)</div>
            <p class="muted">Execution \(execution.id) by \(execution.startedBy), \(Controls.time(execution.startedAt, viewer.now)), took \(Controls.duration(execution.startedAt, execution.endedAt ?? viewer.now)) · \(execution.summary)\(execution.commit.isEmpty ? .empty : " · commit \(Controls.commit(execution.commit))" as HTML)
            \(html(execution.plan) { " · <a href=\"/plans/\($0)\">plan \($0)</a>" })\(html(execution.build) { " · <a href=\"/builds/\($0)\">build \($0)</a>" })</p>
            \(html(execution.problem, Controls.problem))
            \(html(execution.traffic, TrafficTable.table))
            <section aria-label="Steps"><h2>Steps</h2><ol class="tree">\(html(execution.tree) { node($0, byID, isRoot: true) })</ol></section>
            """
    }

    /// The lines of the release in the time of the execution.
    private var logs: HTML {
        var labels = [("app", execution.app.text)]
        if let release = execution.release { labels.append(("release", "r\(release)")) }
        return LogLink.button(labels, from: execution.startedAt, until: execution.endedAt)
    }

    private var controls: HTML {
        let action = "/executions/\(execution.id)/control"
        func control(_ word: ControlRequest.Action, _ text: String, confirm: String? = nil, style: String = "") -> HTML
        {
            Controls.button(
                viewer, role: .deployer, action: action, fields: [("action", word.rawValue)], text: text,
                confirm: confirm,
                style: style)
        }
        let abort = control(
            .abort, "Abort", confirm: "What runs is ended and nothing more begins. The fleet stays as it is then.",
            style: "danger")
        switch execution.state {
        case .running: return "\(control(.pause, "Pause"))\(abort)"
        case .paused: return "\(control(.resume, "Resume", style: "primary"))\(abort)"
        case .failed, .aborted: return control(.retry, "Retry", confirm: "Steps that failed begin again.")
        case .succeeded: return .empty
        }
    }

    private func node(_ node: PlanNodeView, _ steps: [Int: StepView], isRoot: Bool = false) -> HTML {
        if node.kind == .step { return html(node.step.flatMap { steps[$0] }, step) }
        let states = Self.states(node, steps)
        // What is over is folded, but never everything.
        let isOver = !isRoot && states.allSatisfy { $0 == .succeeded }
        return """
            <li class="branch"><details id="n-\(Self.anchor(node))"\(isOver ? .empty : " open" as HTML)><summary>\(Self.symbol(Self.joined(states)))<strong>\(node.title)</strong>
            <span class="muted">\(node.kind == .parallel ? "side by side" : "one after another"), <span class="num">\(states.count { $0 == .succeeded })/\(states.count)</span></span></summary>
            <ol>\(node.children.html { self.node($0, steps) })</ol></details></li>
            """
    }

    private func step(_ step: StepView) -> HTML {
        let end = step.endedAt ?? (step.state == .running ? viewer.now : nil)
        let head: HTML = """
            \(Self.symbol(step.state))<span class="num muted">\(step.id)</span><span>\(step.title)</span><span class="muted">\(step.reason)</span><span class="spacer"></span>\(Controls.duration(step.startedAt, end))
            """
        guard !step.output.isEmpty || !step.findings.isEmpty || step.problem != nil || canCancel(step) else {
            return #"<li class="step \#(step.state.rawValue)"><div class="head">\#(head)</div></li>"#
        }
        let dropped = step.outputLinesDropped > 0 ? "… \(step.outputLinesDropped) lines before\n" : ""
        return """
            <li class="step \(step.state.rawValue)"><details id="s-\(step.id)"\(step.state == .failed || !step.findings.isEmpty ? " open" as HTML : .empty)><summary class="head">\(head)</summary>
            \(html(step.problem, Controls.problem))
            \(step.findings.isEmpty ? .empty : "<ul>\(step.findings.html { "<li>\($0)</li>" })</ul>" as HTML)
            \(step.output.isEmpty ? .empty : "<pre class=\"log\" tabindex=\"0\">\(dropped)\(step.output.map(Controls.plain).joined(separator: "\n"))</pre>" as HTML)
            \(stepControls(step))</details></li>
            """
    }

    private func canCancel(_ step: StepView) -> Bool {
        !execution.state.isEnded && [.waiting, .running, .failed].contains(step.state) && viewer.may(.deployer)
    }

    private func stepControls(_ step: StepView) -> HTML {
        guard canCancel(step) else { return .empty }
        let action = "/executions/\(execution.id)/control"
        let retry =
            step.state == .failed
            ? Controls.button(
                viewer, role: .deployer, action: action, fields: [("action", "retry"), ("step", "\(step.id)")],
                text: "Retry this step", style: "small") : .empty
        let cancel = Controls.button(
            viewer, role: .deployer, action: action, fields: [("action", "cancelStep"), ("step", "\(step.id)")],
            text: "Cancel this step", confirm: "Step \(step.id) counts as not needed: \(step.title).", style: "small")
        return #"<div class="row">\#(retry)\#(cancel)</div>"#
    }

    /// Where a branch begins: the number of its first step, which no other branch of its depth has.
    private static func anchor(_ node: PlanNodeView) -> String {
        func first(_ node: PlanNodeView) -> Int { node.step ?? node.children.first.map(first) ?? 0 }
        func depth(_ node: PlanNodeView) -> Int { 1 + (node.children.map(depth).max() ?? 0) }
        return "\(first(node))-\(depth(node))"
    }

    private static func states(_ node: PlanNodeView, _ steps: [Int: StepView]) -> [StepView.State] {
        if let step = node.step { return [steps[step]?.state ?? .waiting] }
        return node.children.flatMap { states($0, steps) }
    }

    private static func joined(_ states: [StepView.State]) -> StepView.State {
        for state in [StepView.State.failed, .running] where states.contains(state) { return state }
        if states.allSatisfy({ $0 == .succeeded || $0 == .cancelled }) { return .succeeded }
        if states.contains(.skipped) { return .skipped }
        return states.contains(.succeeded) ? .running : .waiting
    }

    private static func symbol(_ state: StepView.State) -> HTML {
        let (mark, style) =
            switch state {
            case .waiting: ("·", "none")
            case .running: ("▶", "busy")
            case .succeeded: ("✓", "green")
            case .failed: ("✕", "red")
            case .cancelled: ("–", "none")
            case .skipped: ("–", "none")
            }
        return
            #"<span class="sym \#(style)" title="\#(state.rawValue)" aria-label="\#(state.rawValue)">\#(mark)</span>"#
    }
}
