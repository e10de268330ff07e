import Core
import Wire

/// What apps have logged as errors, by kinds.
struct LogErrorsPage {
    /// Rows of an app's own page.
    private static let rowsOfApp = 5

    var app: String?
    var errors: [LogErrorView]

    var html: HTML {
        """
        <div class="title"><h1>Errors</h1>\(HTML.optional(app) { "<span class=\"tag\">\($0)</span> <a href=\"/logs/errors\">of all apps</a>" })
        <span class="spacer"></span><a class="button small" href="/logs?query=\(percentEncoded(search))">All lines</a></div>
        \(errors.isEmpty ? "<p class=\"muted\">No app has logged an error in the last days.</p>" : Self.table(errors, showsApp: app == nil))
        """
    }

    private var search: String { (app.map { "app:=\"\($0)\" " } ?? "") + "level:>=error" }

    /// The last ones of an app, for its own page; nothing if there are none.
    static func section(_ errors: [LogErrorView], of app: AppName) -> HTML {
        guard !errors.isEmpty else { return .empty }
        return """
            <section aria-label="Errors"><h2>Errors <a href="/logs/errors?app=\(percentEncoded(app.text))">all \(errors.count)</a></h2>\(table(Array(errors.prefix(rowsOfApp)), showsApp: false))</section>
            """
    }

    private static func table(_ errors: [LogErrorView], showsApp: Bool) -> HTML {
        let app: HTML = showsApp ? "<th>App</th>" : .empty
        return """
            <div class="scroll"><table><thead><tr>\(app)<th>Error</th><th class="r">Lines</th><th>First</th><th>Last</th><th>Release</th></tr></thead>
            <tbody>\(errors.html { row($0, showsApp: showsApp) })</tbody></table></div>
            """
    }

    private static func row(_ error: LogErrorView, showsApp: Bool) -> HTML {
        let lines = "/logs?query=\(percentEncoded(error.query))&from=\(percentEncoded(error.first))"
        let samples = error.samples.html { sample -> HTML in
            let place = [sample.instance ?? sample.host, String(sample.time.prefix(19))].compactMap(\.self)
            return "<li><span class=\"muted\">\(place.joined(separator: " "))</span><pre>\(sample.text)</pre></li>"
        }
        let releases = [error.firstRelease, error.lastRelease].compactMap(\.self)
        let release = Set(releases).count == 1 ? releases[0] : releases.joined(separator: " to ")
        return """
            <tr>\(showsApp ? "<td>\(error.app)</td>" : .empty)<td><details><summary><code>\(error.text)</code></summary><ul>\(samples)</ul></details></td>
            <td class="r num"><a href="\(lines)">\(error.count)</a></td><td class="muted num">\(error.first.prefix(19))</td><td class="muted num">\(error.last.prefix(19))</td><td>\(release)</td></tr>
            """
    }
}
