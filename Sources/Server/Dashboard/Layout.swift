import Core
import Wire

/// What all pages have around them.
enum Layout {
    enum Section: String {
        case overview
        case executions
        case hosts
        case instances
        case graphs
        case logs
        case audit
        case doctor
        case tokens
        case none
    }

    private static let sections: [(Section, path: String, name: String, key: String)] = [
        (.overview, "/", "Overview", "o"), (.executions, "/executions", "Executions", "e"),
        (.hosts, "/hosts", "Hosts", "h"), (.instances, "/instances", "Instances", "i"),
        (.graphs, "/graphs", "Graphs", "r"), (.logs, "/logs", "Logs", "l"),
        (.audit, "/audit", "Audit", "a"), (.doctor, "/doctor", "Doctor", "d"), (.tokens, "/tokens", "Tokens", "t"),
    ]

    static func page(title: String, section: Section, viewer: Viewer, host: HostName?, body: HTML) -> HTML {
        let links = sections.filter { $0.0 != .tokens || viewer.may(.admin) }.html { item in
            let current: HTML = item.0 == section ? #" aria-current="page""# : ""
            return #"<a href="\#(item.path)" data-key="\#(item.key)"\#(current)>\#(item.name)</a>"#
        }
        let logout = html(viewer.csrf) { csrf in
            #"<form method="post" action="/logout">\#(Controls.csrf(csrf))<button class="quiet">Log out</button></form>"#
        }
        return document(
            title: "\(title) · \(viewer.fabric)",
            """
            <header class="bar">
              <a class="brand" href="/">\(mark)<span>apus</span></a>
              <span class="fabric" title="Fabric">\(viewer.fabric)</span>
              <nav aria-label="Main">\(links)</nav>
              <span class="spacer"></span>
              <span id="live" class="live" role="status" data-state="off"><i></i><span>not live</span></span>
              <span class="who" title="Token and role">\(viewer.principal.label) · \(viewer.principal.role.rawValue)</span>
              \(logout)
            </header>
            <main id="main" tabindex="-1" data-live data-now="\(viewer.now.milliseconds)"\(html(host) { " data-host=\"\($0)\"" })>\(body)</main>
            \(dialogs)
            """)
    }

    /// A page for people who have not come in yet, or whose request failed.
    static func bare(title: String, body: HTML) -> HTML {
        document(title: title, #"<main id="main" class="bare" tabindex="-1">\#(body)</main>"#)
    }

    private static func document(title: String, _ body: HTML) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) · Apus</title>
        <link rel="icon" href="\(Assets.path("apus.svg"))" type="image/svg+xml">
        <link rel="stylesheet" href="\(Assets.path("apus.css"))">
        <script src="\(Assets.path("apus.js"))" data-streams="\(Assets.path("streams.js"))" defer></script>
        <script src="\(Assets.path("charts.js"))" defer></script>
        </head>
        <body>
        <a class="skip" href="#main">Skip to the content</a>
        \(body)
        </body>
        </html>
        """
    }

    static let mark: HTML = """
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M1 7c7 0 12 3 15 8 3-5 8-8 15-8-5 2-9 5-11 10l2 8-6-5-6 5 2-8C10 12 6 9 1 7z"/></svg>
        """

    private static let dialogs: HTML = """
        <dialog id="confirm" aria-labelledby="confirm-title">
          <h2 id="confirm-title">Do it?</h2><p id="confirm-text"></p>
          <div class="row end"><button value="no" class="quiet" data-close>Cancel</button><button id="confirm-yes" class="primary">Do it</button></div>
        </dialog>
        <dialog id="help" aria-labelledby="help-title">
          <h2 id="help-title">Keys</h2>
          <dl class="keys">
            <dt><kbd>/</kbd></dt><dd>filter</dd>
            <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>next, previous row</dd>
            <dt><kbd>Enter</kbd></dt><dd>open the row</dd>
            <dt><kbd>g</kbd> then <kbd>o</kbd> <kbd>e</kbd> <kbd>h</kbd> <kbd>i</kbd> <kbd>r</kbd> <kbd>l</kbd> <kbd>a</kbd> <kbd>d</kbd> <kbd>t</kbd></dt><dd>overview, executions, hosts, instances, graphs, logs, audit, doctor, tokens</dd>
            <dt><kbd>?</kbd></dt><dd>this help</dd>
            <dt><kbd>Esc</kbd></dt><dd>close, leave the field</dd>
          </dl>
          <div class="row end"><button class="quiet" data-close>Close</button></div>
        </dialog>
        """
}
