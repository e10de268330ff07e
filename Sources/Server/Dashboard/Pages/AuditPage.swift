import Core
import Wire

enum AuditPage {
    static func body(_ entries: [AuditView], _ viewer: Viewer) -> HTML {
        let older = html(entries.count >= 200 ? entries.last?.number : nil) {
            #"<p><a href="/audit?before=\#($0)">Older entries</a></p>"#
        }
        return """
            <h1>Audit</h1>
            <div class="scroll"><table><thead><tr><th class="r">No.</th><th>When</th><th>Who</th><th>Action</th><th>Subject</th><th>Outcome</th><th>Detail</th><th>Commit</th></tr></thead>
            <tbody>\(entries.html { row($0, viewer) })</tbody></table></div>
            \(entries.isEmpty ? "<p class=\"muted\">Nothing has been done yet.</p>" as HTML : older)
            """
    }

    private static func row(_ entry: AuditView, _ viewer: Viewer) -> HTML {
        """
        <tr data-row tabindex="-1"><td class="num r muted">\(entry.number)</td><td>\(Controls.time(entry.at, viewer.now))</td><td><strong>\(entry.who)</strong></td>
        <td><code>\(entry.action)</code></td><td>\(entry.subject)</td><td>\(outcome(entry.outcome))</td>
        <td>\(entry.detail)\(html(entry.problem) { "<div class=\"muted\">\($0.sentence) \($0.cause)</div>" })</td>
        <td>\(html(entry.commit, Controls.commit))</td></tr>
        """
    }

    private static func outcome(_ outcome: AuditView.Outcome) -> HTML {
        switch outcome {
        case .begun:
            #"<span class="pill busy"><span class="sym busy" aria-hidden="true">▶</span><span>begun</span></span>"#
        case .succeeded: Controls.pill(.green, "succeeded")
        case .failed: Controls.pill(.red, "failed")
        case .refused: Controls.pill(.red, "refused")
        }
    }
}
