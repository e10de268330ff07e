import Core
import Wire

enum DiffPage {
    static func body(_ diff: ReleaseDiffView, _ releases: [Int], _ viewer: Viewer) -> HTML {
        """
        <div class="title"><h1>\(Controls.app(diff.app)) <span class="num">r\(diff.from.number) → r\(diff.to.number)</span></h1><span class="spacer"></span>
        <form method="get" action="/apps/\(diff.app)/diff" class="row"><label for="from">from</label>\(choice("from", releases, diff.from.number))<label for="to">to</label>\(choice("to", releases, diff.to.number))<button>Compare</button></form></div>
        <section class="card"><p>\(made(diff.from, viewer))<br>\(made(diff.to, viewer))</p></section>
        \(values(diff.values))
        \(diff.files.html(file))
        \(diff.values.isEmpty && diff.files.isEmpty ? "<p class=\"muted\">Nothing that makes a difference to an instance.</p>" as HTML : .empty)
        """
    }

    private static func choice(_ name: String, _ releases: [Int], _ chosen: Int) -> HTML {
        """
        <select id="\(name)" name="\(name)">\(releases.html { number in
            "<option value=\"\(number)\"\(number == chosen ? " selected" as HTML : .empty)>r\(number)</option>"
        })</select>
        """
    }

    private static func made(_ release: ReleaseView, _ viewer: Viewer) -> HTML {
        "<strong class=\"num\">r\(release.number)</strong> <code>\(release.version)</code> by \(release.createdBy), \(Controls.time(release.createdAt, viewer.now)), source \(Controls.commit(release.sourceCommit))"
    }

    private static func values(_ values: [ReleaseDiffView.Value]) -> HTML {
        guard !values.isEmpty else { return .empty }
        return """
            <section><h2>Values</h2><div class="scroll"><table><thead><tr><th>Part</th><th>Key</th><th>Before</th><th>After</th></tr></thead><tbody>\(values.html { value in
                "<tr><td>\(value.part.rawValue)</td><td>\(value.key)</td><td>\(side(value.before, "del"))</td><td>\(side(value.after, "ins"))</td></tr>"
            })</tbody></table></div></section>
            """
    }

    private static func side(_ text: String?, _ mark: String) -> HTML {
        guard let text else { return #"<span class="muted">none</span>"# }
        return mark == "ins" ? "<ins><code>\(text)</code></ins>" : "<del><code>\(text)</code></del>"
    }

    private static func file(_ file: ReleaseDiffView.File) -> HTML {
        """
        <section><h2><code>\(file.path)</code></h2><table class="diff"><tbody>\(file.lines.html(line))</tbody></table></section>
        """
    }

    private static func line(_ line: DiffLine) -> HTML {
        let sign =
            switch line.kind {
            case .same: " "
            case .added: "+"
            case .removed: "-"
            case .gap: "⋯"
            }
        return """
            <tr class="\(line.kind.rawValue)"><td class="num">\(html(line.before) { "\($0)" })</td><td class="num">\(html(line.after) { "\($0)" })</td><td>\(sign)</td><td><code>\(line.text)</code></td></tr>
            """
    }
}
