import Core
import Wire

/// What long lists have around their rows: a filter, orders, groups, and the way to the other rows.
///
/// The server renders a window of the rows. Without scripts, links lead from window to window; the
/// script makes it a list that scrolls through all rows, and asks for those that come into sight.
struct ListFrame {
    static let windowRows = 100
    static let groupsMax = 500

    struct Column {
        var title: String
        /// nil: cannot be sorted by.
        var key: Filter.Key?
        var isRight = false
        var width = Width.narrow
    }

    /// A share of the table, so that columns stay where they are while rows come and go.
    enum Width: String {
        case narrow
        case middle
        case broad
    }

    /// What a list's page was asked for.
    struct Request {
        /// As it was written, usable or not.
        var filterText: String
        var query: ListQuery
        var group: Filter.Key?
        var fault: Problem?

        init(_ call: Call) throws(Problem) {
            filterText = call.query["filter"] ?? ""
            group = try call.query.filled("group").map { text throws(Problem) in try Filter.Key(text) }
            query = ListQuery(limit: windowRows)
            do throws(Problem) { query.filter = try Filter(filterText) } catch { fault = error }
            if let sort = call.query.filled("sort") { query.sort = try ListQuery.Sort(sort) }
            if let limit = try call.integer("limit", in: 1...ListQuery.limitMax) { query.limit = limit }
            if let offset = try call.integer("offset", in: 0...ListQuery.offsetMax) { query.start = .offset(offset) }
        }

        /// The page with something else asked for; what is nil stays as it is.
        func address(
            _ path: String, filter: String? = nil, sort: String? = nil, group: String? = nil, offset: Int? = nil
        ) -> String {
            let parts: [(String, String)] = [
                ("filter", filter ?? filterText), ("sort", sort ?? query.sort?.description ?? ""),
                ("group", group ?? self.group?.text ?? ""), ("offset", offset.map { "\($0)" } ?? ""),
            ]
            let text = parts.filter { !$0.1.isEmpty }.map { "\($0.0)=\(percentEncoded($0.1))" }.joined(separator: "&")
            return text.isEmpty ? path : "\(path)?\(text)"
        }
    }

    let path: String
    let noun: String
    let request: Request
    let groupings: [Filter.Key]

    var toolbar: HTML {
        let all: HTML = request.group == nil ? #" aria-current="true""# : ""
        let choices = groupings.html { key in
            let current: HTML = key == request.group ? #" aria-current="true""# : ""
            return #"<a href="\#(request.address(path, group: key.text))"\#(current)>\#(key.text)</a>"#
        }
        var plain = request
        plain.group = nil
        let fault = request.fault
        return """
            <form id="filter" class="toolbar" method="get" action="\(path)" role="search">
              <label class="sr" for="filter-text">Filter</label>
              <input id="filter-text" name="filter" type="search" value="\(request.filterText)" placeholder="zone=a and not colour=green" autocomplete="off" spellcheck="false"\(fault == nil ? .empty : " aria-invalid=\"true\" aria-describedby=\"filter-fault\"" as HTML)>
              \(html(request.query.sort) { "<input type=\"hidden\" name=\"sort\" value=\"\($0.description)\">" })
              \(html(request.group) { "<input type=\"hidden\" name=\"group\" value=\"\($0.text)\">" })
              <button>Filter</button>
              <span class="segments" role="group" aria-label="Group by"><a href="\(plain.address(path))"\(all)>rows</a>\(choices)</span>
            </form>
            \(html(fault) { "<p id=\"filter-fault\" class=\"fault\">\($0.cause)</p>" })
            """
    }

    /// The rows, each as the cells of a table's row.
    func table<Row>(_ part: ListPart<Row>, _ columns: [Column], id: (Row) -> String, cells: (Row) -> HTML) -> HTML {
        if part.total == 0 { return #"<p class="muted">Nothing matches.</p>"# }
        let rows = part.rows.enumerated().map { index, row -> HTML in
            """
            <tr id="row-\(id(row))" data-row tabindex="-1" aria-rowindex="\(part.offset + index + 2)">\(cells(row))</tr>
            """
        }
        return """
            <div class="scroll list" id="list" data-total="\(part.total)" data-offset="\(part.offset)" data-rows="\(part.rows.count)" tabindex="0" role="region" aria-label="\(noun)">
            <table aria-rowcount="\(part.total + 1)"><thead><tr>\(columns.html(head))</tr></thead>
            \(space(columns))
            <tbody>\(rows)</tbody>
            \(space(columns))</table></div>
            \(pages(part))
            """
    }

    /// Where the script leaves room for rows that are not there.
    private func space(_ columns: [Column]) -> HTML {
        #"<tbody class="space" aria-hidden="true" data-keep><tr><td colspan="\#(columns.count)"></td></tr></tbody>"#
    }

    /// How many there are of each kind; each leads to its rows.
    func groups(_ groups: [GroupView], by key: Filter.Key) -> HTML {
        if groups.isEmpty { return #"<p class="muted">Nothing matches.</p>"# }
        let more = groups.count - Self.groupsMax
        return """
            <div class="scroll"><table><thead><tr><th>\(key.text)</th><th class="r">\(noun)</th><th>Colours</th><th class="wide"></th></tr></thead>
            <tbody>\(groups.prefix(Self.groupsMax).html { group in
                """
                <tr data-row tabindex="-1"><td>\(name(of: group, key))</td><td class="num r">\(group.counts.total)</td><td>\(Controls.counts(group.counts))</td><td class="wide">\(Controls.bar(group.counts))</td></tr>
                """
            })</tbody></table></div>
            \(more > 0 ? "<p class=\"muted\">and \(more) more; narrow the filter.</p>" as HTML : .empty)
            """
    }

    private func name(of group: GroupView, _ key: Filter.Key) -> HTML {
        guard let value = group.value else { return #"<span class="muted">none</span>"# }
        var plain = request
        plain.group = nil
        let narrowed = Self.narrowed(request.filterText, key, value)
        return #"<a href="\#(plain.address(path, filter: narrowed))">\#(value)</a>"#
    }

    /// The filter that admits only what has the value, too.
    static func narrowed(_ filter: String, _ key: Filter.Key, _ value: String) -> String {
        let comparison = "\(key.text)=\"\(value)\""
        return filter.isEmpty ? comparison : "\(comparison) and (\(filter))"
    }

    private func head(_ column: Column) -> HTML {
        let style: HTML = #" class="\#(column.width.rawValue)\#(column.isRight ? " r" : "")""#
        guard let key = column.key else { return "<th\(style)>\(column.title)</th>" }
        let sort = request.query.sort
        let isCurrent = sort?.key == key
        let isDescending = sort?.isDescending == true
        let order: HTML = isCurrent ? (isDescending ? #" aria-sort="descending""# : #" aria-sort="ascending""#) : ""
        let mark = isCurrent ? (isDescending ? " ↓" : " ↑") : ""
        let next = ListQuery.Sort(key: key, isDescending: isCurrent && !isDescending)
        return
            #"<th\#(style)\#(order)><a href="\#(request.address(path, sort: next.description))">\#(column.title)\#(mark)</a></th>"#
    }

    private func pages<Row>(_ part: ListPart<Row>) -> HTML {
        let last = part.offset + part.rows.count
        let before: HTML =
            part.offset > 0
            ? #"<a class="button" rel="prev" href="\#(request.address(path, offset: max(0, part.offset - Self.windowRows)))">Before</a>"#
            : ""
        let after: HTML =
            last < part.total
            ? #"<a class="button" rel="next" href="\#(request.address(path, offset: last))">Next</a>"# : ""
        return """
            <nav class="pages row" aria-label="Rows"><span class="muted num">\(part.offset + 1) to \(last) of \(part.total)</span>\(before)\(after)</nav>
            """
    }
}
