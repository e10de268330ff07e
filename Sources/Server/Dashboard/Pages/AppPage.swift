import Core
import Wire

struct AppPage {
    private static let instancesMax = 100

    let detail: AppDetailView
    let errors: [LogErrorView]
    let viewer: Viewer

    private var app: AppView { detail.app }

    var body: HTML {
        """
        <div class="title"><h1>\(app.name)</h1>\(Controls.pill(app.colour, app.reason))
        \(html(app.release) { "<span class=\"num\">r\($0)</span>" })\(html(app.version) { "<code>\($0)</code>" })
        \(html(app.pinned) { "<span class=\"tag\">held at r\($0) by a rollback</span>" })
        <span class="spacer"></span>\(LogLink.button([("app", app.name.text)]))\(actions)</div>
        \(html(app.execution) { "<p class=\"notice\">An execution runs: <a href=\"/executions/\($0)\">\($0)</a></p>" })
        <section aria-label="Processes"><h2>Processes</h2>\(processes)</section>
        <section aria-label="Releases"><h2>Releases</h2>\(releases)</section>
        <section aria-label="Instances"><h2>Instances \(Controls.counts(app.counts)) <a href="/instances?filter=\(percentEncoded("app=\(app.name)"))">all in a list</a></h2>\(instances)</section>
        \(LogErrorsPage.section(errors, of: app.name))
        <section aria-label="Routes"><h2>Routes</h2>\(routes)</section>
        <section aria-label="Executions"><h2>Executions</h2>\(ExecutionPage.table(detail.executions, viewer))</section>
        <section class="card" aria-label="Declared"><dl class="facts">
          <div><dt>Source</dt><dd>\(detail.source)</dd></div><div><dt>Build</dt><dd>\(detail.build)</dd></div>
          <div class="wide"><dt>Rollout</dt><dd>\(detail.rollout.summary); the release before stays warm for \(Clock.length(.seconds(detail.rollout.warmSeconds)))\(detail.rollout.automaticRollback ? ", goes back by itself" : "")</dd></div>
        </dl></section>
        """
    }

    /// Of many, the worst: the rest is in a list that scrolls.
    private var instances: HTML {
        let shown = detail.instances.prefix(Self.instancesMax)
        let more = app.counts.total - shown.count
        return """
            \(InstancePage.table(Array(shown), viewer, showsHost: true))
            \(more > 0 ? "<p class=\"muted\">and \(more) more</p>" as HTML : .empty)
            """
    }

    private var actions: HTML {
        guard viewer.may(.deployer), let secret = viewer.csrf else { return .empty }
        return """
            <details class="menu"><summary class="button primary">Deploy…</summary><div class="card">
              <form method="post" action="/apps/\(app.name)/deploy">\(Controls.csrf(secret))
                <label for="ref">Branch, tag or commit</label>
                <input id="ref" name="ref" placeholder="as git declares it" autocomplete="off" spellcheck="false">
                <div class="row"><button formaction="/apps/\(app.name)/plan">Plan first</button><button class="primary">Deploy now</button></div>
              </form></div></details>
            \(Controls.button(
                viewer, role: .deployer, action: "/apps/\(app.name)/rollback", text: "Roll back",
                confirm: "\(app.name) goes back to the release before\(app.release.map { " r\($0)" } ?? ""), and is held there.",
                style: "danger"))
            """
    }

    private var processes: HTML {
        """
        <div class="scroll"><table><thead><tr><th>Process</th><th class="r">Ready</th><th>Runs</th><th>Probe</th><th class="r">Memory</th><th>Scale</th></tr></thead>
        <tbody>\(app.processes.html { process in
            """
            <tr><td><strong>\(process.name)</strong></td>
            <td class="num r">\(process.ready) of \(process.desired)\(process.desired != process.declared ? " <span class=\"tag\">git says \(process.declared)</span>" as HTML : .empty)</td>
            <td><code>\(process.run)</code></td><td>\(process.health ?? "none")</td><td class="num r">\(html(process.memory) { "\($0)" })</td>
            <td>\(scale(process))</td></tr>
            """
        })</tbody></table></div>
        """
    }

    private func scale(_ process: ProcessView) -> HTML {
        guard viewer.may(.deployer), let secret = viewer.csrf else { return .empty }
        return """
            <form method="post" action="/apps/\(app.name)/scale" class="row" data-confirm="\(app.name).\(process.name) gets another number of instances.">\(Controls.csrf(secret))
            <input type="hidden" name="process" value="\(process.name)"><input class="short" type="number" min="0" max="1000" name="count" value="\(process.desired)" aria-label="Instances of \(process.name); empty: what git says">
            <button>Scale</button></form>
            """
    }

    private var releases: HTML {
        if detail.releases.isEmpty { return #"<p class="muted">None yet: deploy it.</p>"# }
        let before = Dictionary(zip(detail.releases, detail.releases.dropFirst()).map { ($0.0.number, $0.1.number) }) {
            $1
        }
        return """
            <div class="scroll"><table><thead><tr><th>Release</th><th>Standing</th><th>Version</th><th class="r">Size</th><th>Made</th><th>By</th><th>Config</th><th></th></tr></thead>
            <tbody>\(detail.releases.html { release in
                """
                <tr data-row tabindex="-1"><td class="num"><strong>r\(release.number)</strong></td><td>\(standing(release))</td><td><code>\(release.version)</code></td>
                <td class="num r">\(size(release))</td><td>\(Controls.time(release.createdAt, viewer.now))</td><td>\(release.createdBy)</td><td>\(Controls.commit(release.configCommit))</td>
                <td><div class="row">\(html(before[release.number]) { "<a href=\"/apps/\(app.name)/diff?from=\($0)&amp;to=\(release.number)\">diff</a>" })<a href="\(lines(release))">lines</a>\(goBack(release))</div></td></tr>
                """
            })</tbody></table></div>
            """
    }

    /// Those of its instances, and of the balancers for what these answered, since it was made.
    private func lines(_ release: ReleaseView) -> String {
        LogLink.path([("app", app.name.text), ("release", "r\(release.number)")], from: release.createdAt)
    }

    private func standing(_ release: ReleaseView) -> HTML {
        switch release.standing {
        case .current: #"<span class="tag strong">current</span>"#
        case .warm:
            #"<span class="tag">warm</span> <span class="muted">\#(html(release.warmUntil) { "ends \(Controls.time($0, viewer.now))" })</span>"#
        case .kept: #"<span class="muted">kept</span>"#
        }
    }

    private func goBack(_ release: ReleaseView) -> HTML {
        guard release.standing != .current else { return .empty }
        let isNewer = app.release.map { release.number > $0 } ?? false
        return Controls.button(
            viewer, role: .deployer, action: "/apps/\(app.name)/rollback", fields: [("release", "\(release.number)")],
            text: isNewer ? "Switch to r\(release.number)" : "Roll back to r\(release.number)",
            confirm:
                "\(app.name) goes \(isNewer ? "" : "back ")to r\(release.number) (\(release.version)), and is held there.",
            style: "small")
    }

    private func size(_ release: ReleaseView) -> String {
        release.sizeBytes < 1000 ? "\(release.sizeBytes) B" : "\(release.sizeBytes / 1000) kB"
    }

    private var routes: HTML {
        if detail.routes.isEmpty { return #"<p class="muted">None.</p>"# }
        return """
            <div class="scroll"><table><thead><tr><th>Host</th><th>Path</th><th>To</th><th>Served at</th></tr></thead><tbody>\(detail.routes.html { route in
                "<tr><td>\(route.host ?? "any")</td><td><code>\(route.path)</code></td><td>\(route.to)</td><td>\(route.urls.html { "<code>\($0)</code> " })</td></tr>"
            })</tbody></table></div>
            """
    }
}
