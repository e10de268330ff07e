import Core
import Wire

/// The fabric at a glance.
enum StatusText {
    static func lines(_ status: StatusView, width: Int?) -> [StyledText] {
        var lines = [headline(status)]
        lines += status.reasons.map { "  \($0)" }
        if let pending = status.pendingCommit, status.pendingProblem == nil {
            lines.append("  Commit \(Words.commit(pending)) is not applied.")
        }
        if !status.apps.isEmpty { lines += [""] + apps(status.apps).lines(width: width) }
        if !status.hostList.isEmpty {
            lines += [""] + HostText.table(status.hostList, at: status.at).lines(width: width)
        }
        if !status.executions.isEmpty {
            lines += [""] + ExecutionText.table(status.executions, at: status.at).lines(width: width)
        }
        return lines
    }

    /// What to do about the worst of it.
    static func suggestion(_ status: StatusView) -> String? {
        if let execution = status.executions.first(where: { $0.state == .paused }) {
            return "Go on with `apus resume \(execution.id)`."
        }
        if let app = status.apps.first(where: { $0.release == nil && $0.execution == nil }) {
            return "Deploy with `apus deploy \(app.name)`."
        }
        if status.pendingProblem != nil { return "See what is wrong with `apus validate`." }
        if status.pendingCommit != nil { return "See what it would do with `apus plan --apply`." }
        if status.instances.red > 0 { return "Look at them with `apus instances --filter colour=red`." }
        return nil
    }

    private static func headline(_ status: StatusView) -> StyledText {
        let facts = [
            Words.count(status.hosts.total, "host"), Words.count(status.instances.total, "instance"),
            "commit \(Words.commit(status.commit))", "desired \(status.desiredRevision), live \(status.liveRevision)",
        ]
        return StyledText(status.fabric.text, .bold) + " " + Words.mark(status.colour)
            + StyledText("  " + facts.joined(separator: " · "), .dim)
    }

    private static func apps(_ apps: [AppView]) -> Table {
        var table = Table([
            .init("APP"), .init("COLOUR"), .init("RELEASE"), .init("VERSION", isOptional: true),
            .init("PROCESSES", isElastic: true),
            .init("WHY", isElastic: true),
        ])
        for app in apps {
            let release =
                app.release == nil ? "none" : Words.release(app.release) + (app.pinned != nil ? " (held)" : "")
            table.add([
                StyledText(app.name.text, .bold), Words.mark(app.colour), StyledText(release),
                StyledText(app.version ?? ""), processes(app.processes),
                StyledText(app.execution.map { "execution \($0): " } ?? "") + StyledText(app.reason),
            ])
        }
        return table
    }

    private static func processes(_ processes: [ProcessView]) -> StyledText {
        processes.map { process in
            let override = process.desired == process.declared ? "" : " (git \(process.declared))"
            return StyledText(
                "\(process.name) \(process.ready)/\(process.desired)\(override)",
                process.ready < process.desired ? .yellow : nil)
        }.joined(separator: "  ")
    }
}
