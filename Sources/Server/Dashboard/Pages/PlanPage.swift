import Core
import Wire

enum PlanPage {
    static func body(_ plan: PlanView, _ viewer: Viewer) -> HTML {
        let approve =
            plan.stale == nil && plan.execution == nil
            ? Controls.button(
                viewer, role: plan.purpose == .apply ? .operator : .deployer, action: "/plans/\(plan.id)/approve",
                text: "Approve", confirm: "\(plan.kind.rawValue) \(plan.app): \(plan.summary.text).", style: "primary")
            : .empty
        return """
            <div class="title"><h1>Plan <span class="num">\(plan.id)</span>: \(plan.kind.rawValue) \(Controls.app(plan.app))\(release(plan))</h1><span class="spacer"></span>\(approve)</div>
            <p class="muted">by \(plan.createdBy), \(Controls.time(plan.createdAt, viewer.now)) · commit \(Controls.commit(plan.commit)) · desired <span class="num">\(plan.desiredRevision)</span> · live <span class="num">\(plan.liveRevision)</span></p>
            \(html(plan.stale) { "<p class=\"notice yellow\">\(Controls.symbol(.yellow)) It is stale and can't be carried out: \($0). Plan again.</p>" })
            \(html(plan.execution) { "<p class=\"notice\">It was carried out: <a href=\"/executions/\($0)\">\($0)</a></p>" })
            \(plan.warnings.html { "<p class=\"notice yellow\">\(Controls.symbol(.yellow)) \($0)</p>" })
            <section aria-label="Changes"><h2>Changes</h2>
            <table class="changes"><tbody>\(plan.changes.html(change))</tbody></table>
            <p><strong>\(plan.summary.text)</strong></p></section>
            <section aria-label="Steps"><h2>Steps</h2><ol class="tree">\(node(plan.steps))</ol></section>
            """
    }

    private static func release(_ plan: PlanView) -> HTML {
        guard let release = plan.release else { return .empty }
        return #" <span class="num">\#(plan.releaseBefore.map { "r\($0) → " } ?? "")r\#(release)</span>"#
    }

    private static func change(_ change: PlanView.Change) -> HTML {
        let style =
            switch change.sign {
            case .add: "added"
            case .change: "changed"
            case .remove: "removed"
            case .replace: "replaced"
            }
        return """
            <tr class="\(style)"><td class="num">\(change.sign.rawValue)</td><td><strong>\(change.subject)</strong></td><td>\(html(change.host, Controls.host))</td><td>\(change.reason)</td></tr>
            """
    }

    private static func node(_ node: PlanNodeView) -> HTML {
        if node.kind == .step {
            return """
                <li class="step"><div class="head"><span class="num muted">\(node.step ?? 0)</span><span>\(node.title)</span><span class="muted">\(node.reason ?? "")</span></div></li>
                """
        }
        let how =
            node.kind == .parallel ? "side by side, \(node.limit ?? node.children.count) at once" : "one after another"
        return """
            <li class="branch"><details open><summary><strong>\(node.title)</strong> <span class="muted">\(how)</span></summary><ol>\(node.children.html(Self.node))</ol></details></li>
            """
    }
}
