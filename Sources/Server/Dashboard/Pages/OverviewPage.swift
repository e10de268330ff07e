import ControlPlane
import Core
import Wire

/// The fabric on one page: what is wrong first, then every instance as a cell.
struct OverviewPage {
    /// Up to so many instances are shown one by one; of more, those that are not well.
    static let instancesMax = 1500
    static let groupsMax = 200
    private static let groupings: [Filter.Key] = [.app, .host, .zone, .hostClass, .release, .state]

    /// What there is to show of the instances.
    struct Content {
        var total = 0
        /// All of them, or those that are not well, the worst first.
        var instances: [InstanceView] = []
        /// Where there are too many to show one by one.
        var groups: [GroupView]?
        var fault: Problem?

        init() {}

        init(of operations: any FabricOperations, _ filter: Filter, by key: Filter.Key) async throws(Problem) {
            let all = try await operations.instances(ListQuery(filter: filter, limit: OverviewPage.instancesMax))
            total = all.total
            guard all.rows.count < all.total else {
                instances = all.rows
                return
            }
            groups = try await operations.instanceGroups(filter, by: key)
            let unwell = filter.text.isEmpty ? "not colour=green" : "not colour=green and (\(filter.text))"
            instances = try await operations.instances(
                ListQuery(filter: try Filter(unwell), sort: .init(key: .colour), limit: 500)
            ).rows
        }
    }

    private static let reasonsMax = 6

    let status: StatusView
    let content: Content
    let filter: String
    let grouping: Filter.Key
    let viewer: Viewer

    private var instances: [InstanceView] { content.instances }
    private var fault: Problem? { content.fault }

    var body: HTML {
        """
        <h1 class="sr">\(status.fabric)</h1>
        \(headline)
        \(executions)
        \(toolbar)
        <section id="groups" aria-label="Instances">\(fault == nil ? groups : .empty)</section>
        <section aria-label="Hosts"><h2>Hosts \(Controls.counts(status.hosts)) <a href="/hosts">all hosts</a></h2>
        <div class="strip">\(status.hostList.html(chip))</div></section>
        """
    }

    private var headline: HTML {
        let sentence =
            status.colour == .green
            ? "All \(status.instances.total) instances are well."
            : "\(status.instances.green) of \(status.instances.total) instances are well."
        let reasons = status.reasons.prefix(Self.reasonsMax)
        let more = status.reasons.count - reasons.count
        return """
            <section class="headline \(status.colour.rawValue)" aria-label="State">
              <div>\(Controls.symbol(status.colour))<strong>\(sentence)</strong>
              <span class="muted">commit \(Controls.commit(status.commit)) · desired <span class="num">\(status.desiredRevision)</span> · live <span class="num">\(status.liveRevision)</span></span></div>
              \(html(status.pendingCommit) { commit in
                  status.pendingProblem == nil
                      ? "<p><a href=\"/commit\">Commit \(Controls.commit(commit)) waits to be applied</a></p>"
                      : "<p>\(Controls.symbol(.yellow)) <a href=\"/commit\">Commit \(Controls.commit(commit)) cannot be used</a>; what runs goes on running</p>"
              })
              \(reasons.isEmpty ? .empty : "<ul>\(reasons.html { "<li>\($0)</li>" })\(more > 0 ? "<li class=\"muted\">and \(more) more</li>" as HTML : .empty)</ul>" as HTML)
            </section>
            """
    }

    private var executions: HTML {
        guard !status.executions.isEmpty else { return .empty }
        return """
            <section aria-label="Running executions"><ul class="rows">\(status.executions.html { execution in
                """
                <li><a class="line" data-row href="/executions/\(execution.id)">\(Controls.state(execution.state))
                <strong>\(execution.kind.rawValue) \(execution.app)\(html(execution.release) { " r\($0)" })</strong>
                \(Controls.progress(execution))<span class="muted">by \(execution.startedBy), \(Controls.time(execution.startedAt, viewer.now))</span></a></li>
                """
            })</ul></section>
            """
    }

    private var toolbar: HTML {
        let choices = Self.groupings.html { choice in
            let current: HTML = choice == grouping ? #" aria-current="true""# : ""
            return
                #"<a href="/?group=\#(choice.text)&amp;filter=\#(percentEncoded(filter))"\#(current)>\#(choice.text)</a>"#
        }
        return """
            <form id="filter" class="toolbar" method="get" action="/" role="search">
              <label class="sr" for="filter-text">Filter</label>
              <input id="filter-text" name="filter" type="search" value="\(filter)" placeholder="app=shop and zone=a and not host=web-3" autocomplete="off" spellcheck="false"\(fault == nil ? .empty : " aria-invalid=\"true\" aria-describedby=\"filter-fault\"" as HTML)>
              <input type="hidden" name="group" value="\(grouping.text)">
              <button>Filter</button>
              <span class="segments" role="group" aria-label="Group by">\(choices)</span>
            </form>
            \(html(fault) { "<p id=\"filter-fault\" class=\"fault\">\($0.cause)</p>" })
            """
    }

    private var groups: HTML {
        if let groups = content.groups { return manyGroups(groups) }
        if grouping == .app { return appGroups }
        let grouped = Dictionary(grouping: instances) { instance -> String in
            let value = instance.value(of: grouping)
            switch grouping {
            case .host: return instance.host.text
            case .release: return "\(instance.app) r\(instance.release)"
            default: return value.map { "\(grouping.text) \($0)" } ?? "no \(grouping.text)"
            }
        }
        if grouped.isEmpty { return #"<p class="muted">Nothing matches.</p>"# }
        return grouped.sorted { $0.key < $1.key }.html { name, members in
            let first = members.first
            let link: HTML
            switch (grouping, first) {
            case (.host, .some(let instance)): link = Controls.host(instance.host)
            case (.release, .some(let instance)): link = #"<a href="/apps/\#(instance.app)">\#(name)</a>"#
            default: link = "\(name)"
            }
            var counts = ColourCounts()
            for member in members { counts.add(member.colour) }
            return Self.group(link, Controls.counts(counts), .empty, members, colour: counts.worst)
        }
    }

    private var appGroups: HTML {
        let byApp = Dictionary(grouping: instances, by: \.app)
        let shown = status.apps.filter { filter.isEmpty || byApp[$0.name] != nil }
            .sorted { ($1.colour, $0.name) < ($0.colour, $1.name) }
        if shown.isEmpty { return #"<p class="muted">Nothing matches.</p>"# }
        return shown.html { app in
            let release = html(app.release) { "<span class=\"num\">r\($0)</span> " }
            let version = html(app.version) { "<code>\($0)</code>" }
            let pin = html(app.pinned) {
                " <span class=\"tag\" title=\"Held at this release by a rollback\">held at r\($0)</span>"
            }
            return Self.group(
                Controls.app(app.name), Controls.pill(app.colour, app.reason), "\(release)\(version)\(pin)",
                byApp[app.name] ?? [], colour: app.colour)
        }
    }

    /// Of thousands of instances: how many are well, and which are not.
    private func manyGroups(_ groups: [GroupView]) -> HTML {
        if groups.isEmpty { return #"<p class="muted">Nothing matches.</p>"# }
        let unwell = Dictionary(grouping: instances) { $0.value(of: grouping) }
        let apps = Dictionary(status.apps.map { ($0.name.text, $0) }) { first, _ in first }
        let more = groups.count - Self.groupsMax
        let shown = groups.prefix(Self.groupsMax).html { group in
            let narrowed = group.value.map { ListFrame.narrowed(filter, grouping, $0) } ?? filter
            let name: HTML =
                #"<a href="/instances?filter=\#(percentEncoded(narrowed))">\#(group.value ?? "no \(grouping.text)")</a>"#
            let app = grouping == .app ? group.value.flatMap { apps[$0] } : nil
            let detail: HTML = html(app) { app in
                "<a href=\"/apps/\(app.name)\">\(html(app.release) { "r\($0)" }) \(html(app.version) { "<code>\($0)</code>" })</a>"
            }
            let members = unwell[group.value] ?? []
            return """
                <article class="group \(group.counts.worst.rawValue)" data-row tabindex="-1">
                  <header><h3>\(name)</h3>\(Controls.counts(group.counts))<span class="detail">\(detail)</span></header>
                  \(Controls.bar(group.counts))
                  \(members.isEmpty ? .empty : "<div class=\"cells\">\(members.prefix(24).html { Self.cell($0, showsRelease: true) })</div>" as HTML)
                </article>
                """
        }
        return """
            \(shown)\(more > 0 ? "<p class=\"muted\">and \(more) more: <a href=\"/instances?group=\(grouping.text)\">all groups</a></p>" as HTML : .empty)
            """
    }

    private static func group(
        _ name: HTML, _ state: HTML, _ detail: HTML, _ instances: [InstanceView], colour: Colour
    ) -> HTML {
        let showsRelease = Set(instances.map { ReleaseKey(app: $0.app, number: $0.release) }).count > 1
        return """
            <article class="group \(colour.rawValue)" data-row tabindex="-1">
              <header><h3>\(name)</h3>\(state)<span class="detail">\(detail)</span></header>
              <div class="cells">\(instances.sorted(by: precedes).html { cell($0, showsRelease: showsRelease) })</div>
            </article>
            """
    }

    private struct ReleaseKey: Hashable {
        var app: AppName
        var number: Int
    }

    /// What serves comes before what stays warm, slot by slot.
    private static func precedes(_ left: InstanceView, _ right: InstanceView) -> Bool {
        let (warmLeft, warmRight) = (left.duty == .warm ? 1 : 0, right.duty == .warm ? 1 : 0)
        return (left.app, left.process, warmLeft, left.slot, left.release, left.host)
            < (right.app, right.process, warmRight, right.slot, right.release, right.host)
    }

    private static func cell(_ instance: InstanceView, showsRelease: Bool) -> HTML {
        let symbol =
            switch instance.colour {
            case .green: instance.duty == .warm ? "○" : "✓"
            case .yellow: "!"
            case .red: "✕"
            }
        let words = "\(instance.id) on \(instance.host): \(instance.reason)"
        return """
            <a class="cell \(instance.colour.rawValue) \(instance.duty.rawValue)" href="/instances/\(instance.id)" title="\(words)" aria-label="\(words)"><i aria-hidden="true">\(symbol)</i><span>\(instance.process).\(instance.slot)\(showsRelease ? " <small>r\(instance.release)</small>" as HTML : .empty)</span></a>
            """
    }

    private func chip(_ host: HostView) -> HTML {
        """
        <a class="chip \(host.colour.rawValue)" href="/hosts/\(host.name)" title="\(host.name): \(host.reason)">\(Controls.symbol(host.colour))<strong>\(host.name)</strong><span class="muted">\(host.colour == .green ? "\(host.counts.total)" : host.reason)</span></a>
        """
    }
}
