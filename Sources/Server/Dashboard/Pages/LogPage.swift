import Core
import Logs
import Telemetry
import Wire

/// The page of a search.
struct LogPage {
    struct Answer {
        var question: LogQuestion
        var found: LogAnswer
        var counts: LogLevelCounts?
        var fields: LogFieldList?
        /// What happened in the time: deploys, and what was posted.
        var events: [GraphEvent] = []

        func adding(_ events: [GraphEvent]) -> Answer {
            var answer = self
            answer.events = events
            return answer
        }
    }

    var query: String
    var from: String
    var until: String?
    var answer: Answer?
    var fault: Problem?

    private static let spans = ["-15min", "-1h", "-6h", "-1d", "-7d", "-30d"]

    var html: HTML {
        """
        <div class="title"><h1>Logs</h1><a href="/logs/errors">Errors</a><span class="spacer"></span>\(spanLinks)</div>
        <form class="toolbar" method="get" action="/logs">
          <input type="search" name="query" value="\(query)" aria-label="Query" placeholder="app:shop level:&gt;=warn &quot;timed out&quot; | count by host, 1m" data-filter spellcheck="false">
          <input type="hidden" name="from" value="\(from)">\(HTML.optional(until) { "<input type=\"hidden\" name=\"until\" value=\"\($0)\">" })
          <button class="primary">Search</button>
          \(canFollow ? "<button type=\"button\" data-follow=\"\(query)\" hidden>Follow</button>" : .empty)
        </form>
        \(HTML.optional(fault) { "<div class=\"problem\" role=\"alert\"><p>\($0.sentence) \($0.cause)</p><p>\($0.remedy)</p></div>" })
        \(HTML.optional(answer, body))
        """
    }

    private var canFollow: Bool {
        if let answer, case .lines = answer.found { return until == nil }
        return false
    }

    private func body(_ answer: Answer) -> HTML {
        let report = LogReportView(answer.found.report)
        let notices = report.notices.html { "<p class=\"notice yellow\">\($0)</p>" }
        switch answer.found {
        case .lines(let lines, let report):
            return """
                \(LogHistogram(answer: answer, page: self).html)\(notices)
                <div class="log-columns"><aside class="log-fields" aria-label="Fields">\(fields(answer))</aside>
                <div class="log-list"><ol id="lines" class="log-lines">\(lines.html { line(LogLineView($0), answer.question.query) })</ol>
                \(lines.isEmpty ? "<p class=\"muted\">No line of this time fulfils it.</p>" : .empty)
                \(HTML.optional(report.next) { "<p class=\"pages\"><a href=\"\(link(query, after: $0.description))\">Older lines</a></p>" })</div></div>
                """
        case .table(let table):
            return "\(LogHistogram(answer: answer, page: self).html)\(notices)\(Self.table(LogTableView(table)))"
        case .patterns(let patterns):
            return "\(LogHistogram(answer: answer, page: self).html)\(notices)\(self.patterns(patterns))"
        }
    }

    /// The page's address with another query.
    func link(_ query: String, from: String? = nil, until: String? = nil, after: String? = nil) -> String {
        var pairs = [("query", query), ("from", from ?? self.from)]
        if let until = until ?? self.until { pairs.append(("until", until)) }
        if let after { pairs.append(("after", after)) }
        return "/logs?" + pairs.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    }

    private var spanLinks: HTML {
        let links = Self.spans.html { span -> HTML in
            let address = "/logs?query=\(percentEncoded(query))&from=\(percentEncoded(span))"
            let mark: HTML = span == from ? #" aria-current="true""# : ""
            return "<a href=\"\(address)\"\(mark)>\(span.dropFirst())</a>"
        }
        let pairs = [("query", query), ("from", from), ("limit", "10000")] + (until.map { [("until", $0)] } ?? [])
        let download = "/v1/logs?" + pairs.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
        return
            "<span class=\"spans\">\(links)</span> <a class=\"button small\" href=\"\(download)\" download=\"lines.json\">Download</a>"
    }

    private func fields(_ answer: Answer) -> HTML {
        guard let list = answer.fields else { return .empty }
        return list.fields.html { field in
            let values = field.top.html { value -> HTML in
                let text = String(decoding: value.value.prefix(80), as: UTF8.self)
                let query = answer.question.query
                let with = query.adding(field: field.name, value: value.value).description
                let without = query.excluding(field: field.name, value: value.value).description
                return """
                    <li><a href="\(link(with))" title="Only these">\(text.isEmpty ? "(empty)" : text)</a> <span class="muted num">\(value.lines)</span> <a class="out" href="\(link(without))" title="Without these" aria-label="Without \(text)">−</a></li>
                    """
            }
            return
                "<details\(field.isLabel ? " open" : .empty)><summary>\(field.name) <span class=\"muted num\">\(field.distinct)\(field.isExact ? "" : "+")</span></summary><ul>\(values)</ul></details>"
        }
    }

    /// A line that opens to all that it has.
    private func line(_ line: LogLineView, _ query: LogQuery) -> HTML {
        let pairs = line.labels.sorted { $0.key < $1.key } + line.fields.sorted { $0.key < $1.key }
        let facts = pairs.html { name, value -> HTML in
            let bytes = Array(value.utf8)
            let with = query.adding(field: name, value: bytes).description
            let without = query.excluding(field: name, value: bytes).description
            return """
                <dt>\(name)</dt><dd>\(value) <a href="\(link(with))" title="Only lines with this">+</a> <a href="\(link(without))" title="Without lines with this">−</a></dd>
                """
        }
        return """
            <li\(Self.levelClass(line.level)) id="\(line.position)"><details><summary>\(Self.head(line))</summary>
            <dl class="facts">\(facts)</dl><p><a href="/logs/context?position=\(percentEncoded(line.position))">The lines around it</a></p></details></li>
            """
    }

    private static func head(_ line: LogLineView) -> HTML {
        let source =
            line.labels["instance"]
            ?? [line.labels["host"], line.labels["source"]].compactMap(\.self).joined(separator: " ")
        let clock = String(line.time.drop { $0 != "T" }.dropFirst().prefix(12))
        let fields =
            line.fields.isEmpty || !line.message.isEmpty
            ? HTML.empty
            : line.fields.sorted { $0.key < $1.key }.prefix(12).html {
                "<span class=\"muted\">\($0.key)=</span>\($0.value) "
            }
        return """
            <time datetime="\(line.time)" title="\(line.time)">\(clock)</time> <span class="source">\(source)</span> \(line.level.isEmpty ? .empty : "<b class=\"level\">\(line.level)</b> ")<span class="text">\(line.message)\(fields)</span>
            """
    }

    private static func levelClass(_ level: String) -> HTML {
        switch level {
        case "warn": #" class="warn""#
        case "error", "critical", "alert", "emergency": #" class="error""#
        default: ""
        }
    }

    private static func table(_ table: LogTableView) -> HTML {
        let head = table.columns.html { "<th>\($0)</th>" }
        let rows = table.rows.html { row in "<tr>\(row.html { "<td>\($0 ?? "")</td>" })</tr>" }
        return "<div class=\"scroll\"><table><thead><tr>\(head)</tr></thead><tbody>\(rows)</tbody></table></div>"
    }

    private func patterns(_ patterns: LogPatterns) -> HTML {
        let rows = patterns.groups.html { group -> HTML in
            let view = LogPatternView(group)
            return
                "<tr><td class=\"r num\">\(view.count)</td><td>\(view.level)</td><td><code>\(view.text)</code></td><td class=\"muted num\">\(view.last.prefix(19))</td></tr>"
        }
        return """
            <div class="scroll"><table><thead><tr><th class="r">Lines</th><th>Level</th><th>Pattern</th><th>Last</th></tr></thead><tbody>\(rows)</tbody></table></div>
            """
    }

    /// A line among those of its stream.
    static func context(_ context: LogContext) -> HTML {
        let page = LogPage(query: "", from: "-1h")
        let query = LogQuery()
        func list(_ lines: [Logs.LogLine]) -> HTML { lines.html { page.line(LogLineView($0), query) } }
        return """
            <div class="title"><h1>A line and those around it</h1><span class="tag">\(context.line.stream.description)</span></div>
            <ol class="log-lines">\(list(context.before))</ol>
            <ol class="log-lines chosen">\(list([context.line]))</ol>
            <ol class="log-lines">\(list(context.after))</ol>
            """
    }
}

extension HTML {
    static func optional<Value>(_ value: Value?, _ html: (Value) -> HTML) -> HTML { value.map(html) ?? .empty }
}
