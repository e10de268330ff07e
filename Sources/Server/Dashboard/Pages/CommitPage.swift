import Core
import Wire

/// What the configuration repository's head would change.
enum CommitPage {
    static func body(_ pending: PendingCommitView, _ viewer: Viewer) -> HTML {
        let state: HTML =
            if !pending.findings.isEmpty {
                Controls.pill(.red, "cannot be used")
            } else if pending.isDesired {
                Controls.pill(.green, "applied")
            } else {
                Controls.pill(.yellow, "waits")
            }
        let apply =
            pending.findings.isEmpty && !pending.isDesired
            ? Controls.button(
                viewer, role: .operator, action: "/commit", fields: [("commit", pending.commit)], text: "Apply",
                confirm: "Commit \(pending.commit.prefix(8)) becomes what should be: \(pending.changes.count) changes.",
                style: "primary") : .empty
        return """
            <div class="title"><h1>Commit \(Controls.commit(pending.commit))</h1>\(state)<span class="spacer"></span>\(apply)</div>
            \(html(pending.desired) { desired in
                pending.isDesired
                    ? .empty : "<p class=\"muted\">Desired now: commit \(Controls.commit(desired)). What runs goes on running.</p>"
            })
            \(pending.findings.isEmpty ? changes(pending) : findings(pending))
            """
    }

    private static func changes(_ pending: PendingCommitView) -> HTML {
        if pending.changes.isEmpty { return #"<p class="muted">It changes nothing of the configuration.</p>"# }
        return """
            <section aria-label="Changes"><h2>Changes</h2><div class="scroll"><table class="changes"><tbody>\(pending.changes.html(row))</tbody></table></div></section>
            """
    }

    private static func row(_ change: PendingCommitView.Change) -> HTML {
        let (style, sign) =
            switch (change.before, change.after) {
            case (nil, _): ("added", "+")
            case (_, nil): ("removed", "-")
            default: ("changed", "~")
            }
        let values: HTML =
            switch (change.before, change.after) {
            case (let before?, let after?): "\(before) → \(after)"
            default: "\(change.before ?? change.after ?? "")"
            }
        return
            #"<tr class="\#(style)"><td class="num">\#(sign)</td><td><strong>\#(change.path)</strong></td><td></td><td>\#(values)</td></tr>"#
    }

    private static func findings(_ pending: PendingCommitView) -> HTML {
        """
        <section aria-label="Errors"><h2>Errors</h2>\(pending.findings.html { finding in
            """
            <p><code>\(finding.file)\(html(finding.line) { ":\($0)" })\(html(finding.column) { ":\($0)" })</code></p>
            \(html(finding.text) { "<pre class=\"log\">\(Controls.plain($0))</pre>" })\(Controls.problem(finding.problem))
            """
        })</section>
        """
    }
}
