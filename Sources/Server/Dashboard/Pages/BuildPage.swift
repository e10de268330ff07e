import Core
import Wire

enum BuildPage {
    static func body(_ build: BuildView, _ viewer: Viewer) -> HTML {
        let state: HTML =
            switch build.state {
            case .running: Controls.state(.running)
            case .succeeded: Controls.state(.succeeded)
            case .failed: Controls.state(.failed)
            }
        let next = html(build.execution) {
            #"<p class="notice">It is rolled out: <a href="/executions/\#($0)">\#($0)</a></p>"#
        }
        return """
            <div class="title"><h1>Build of \(Controls.app(build.app))</h1>\(state)</div>
            <p class="muted">\(build.id) of <code>\(build.ref)</code>\(html(build.sourceCommit) { " at \(Controls.commit($0))" }) by \(build.startedBy), \(Controls.time(build.startedAt, viewer.now)), took \(Controls.duration(build.startedAt, build.endedAt ?? viewer.now))\(html(build.release) { ", release <span class=\"num\">r\($0)</span>" })</p>
            \(html(build.problem, Controls.problem))\(next)
            <section aria-label="Output"><h2>Output</h2><pre id="log" class="log" tabindex="0" data-keep data-stream="/v1/builds/\(build.id)/events" data-then="\(build.state == .running ? "execution" : "")"></pre>
            <noscript><p class="muted">The output needs scripts; the command line shows it, too.</p></noscript></section>
            """
    }
}
