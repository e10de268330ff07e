import Core
import Wire

enum DoctorPage {
    static func body(_ findings: [DoctorFinding], _ hooks: [NotificationHookView], _ viewer: Viewer) -> HTML {
        let bad = findings.count { $0.problem != nil }
        return """
            <div class="title"><h1>Doctor</h1>\(bad == 0 ? Controls.pill(.green, "all well") : Controls.pill(.red, "\(bad) of \(findings.count) not well"))</div>
            <div class="scroll"><table><thead><tr><th>Part</th><th>Found</th></tr></thead>
            <tbody>\(findings.html(row))</tbody></table></div>
            \(hooks.isEmpty ? .empty : notifications(hooks, viewer))
            """
    }

    private static func row(_ finding: DoctorFinding) -> HTML {
        """
        <tr data-row tabindex="-1"><td>\(Controls.pill(finding.problem == nil ? .green : .red, finding.name))</td>
        <td>\(finding.problem == nil ? "\(finding.sentence)" : html(finding.problem, Controls.problem))</td></tr>
        """
    }

    private static func notifications(_ hooks: [NotificationHookView], _ viewer: Viewer) -> HTML {
        """
        <section aria-label="Notifications"><h2>Notifications</h2>
        <div class="scroll"><table><thead><tr><th>Hook</th><th>Webhook</th><th>Events</th><th class="r">Waiting</th><th>Last taken</th><th>State</th></tr></thead>
        <tbody>\(hooks.html { hook in
            """
            <tr data-row tabindex="-1"><td><strong>\(hook.name)</strong></td><td><code>\(hook.webhook)</code></td>
            <td>\(hook.events.map { $0.map(\.rawValue).joined(separator: ", ") } ?? "all")</td><td class="num r">\(hook.waiting)</td>
            <td>\(hook.lastTakenAt == nil ? "never" : Controls.time(hook.lastTakenAt, viewer.now))</td>
            <td>\(hook.problem.map(Controls.problem) ?? (hook.gaveUp > 0 ? Controls.pill(.yellow, "\(hook.gaveUp) given up") : Controls.pill(.green, "well")))</td></tr>
            """
        })</tbody></table></div></section>
        """
    }
}
