import Core
import Wire

enum InstancePage {
    static func table(_ instances: [InstanceView], _ viewer: Viewer, showsHost: Bool) -> HTML {
        if instances.isEmpty { return #"<p class="muted">None.</p>"# }
        return """
            <div class="scroll"><table><thead><tr><th>Instance</th><th>State</th><th>Duty</th>\(showsHost ? "<th>Host</th><th>Zone</th>" as HTML : .empty)<th class="r">Port</th><th class="r">Restarts</th><th>Since</th></tr></thead>
            <tbody>\(instances.html { instance in
                """
                <tr data-row tabindex="-1"><td><a href="/instances/\(instance.id)">\(instance.id)</a></td><td>\(Controls.pill(instance.colour, instance.reason))\(instance.differences.html { "<div class=\"muted\">\($0)</div>" })</td>
                <td>\(instance.duty.rawValue)\(html(instance.warmUntil) { " <span class=\"muted\">ends \(Controls.time($0, viewer.now))</span>" })</td>
                \(showsHost ? "<td>\(Controls.host(instance.host))</td><td>\(instance.zone?.text ?? "")</td>" as HTML : .empty)
                <td class="num r">\(html(instance.port) { "\($0)" })</td><td class="num r">\(instance.restarts)</td><td>\(Controls.time(instance.since, viewer.now))</td></tr>
                """
            })</tbody></table></div>
            """
    }

    static let groupings: [Filter.Key] = [.app, .process, .host, .zone, .hostClass, .state, .release, .colour]

    private static let columns: [ListFrame.Column] = [
        .init(title: "Instance", width: .broad), .init(title: "State", key: .colour, width: .broad),
        .init(title: "Duty", key: .duty), .init(title: "Host", key: .host, width: .middle),
        .init(title: "Zone", key: .zone), .init(title: "Port", isRight: true),
        .init(title: "Restarts", isRight: true), .init(title: "Since", width: .middle),
    ]

    static func list(_ instances: ListPart<InstanceView>, _ frame: ListFrame, _ viewer: Viewer) -> HTML {
        frame.table(instances, columns, id: { "\($0.id)-\($0.host)" }) { instance in
            """
            <td><a href="/instances/\(instance.id)">\(instance.id)</a></td><td>\(Controls.pill(instance.colour, instance.reason))</td>
            <td>\(instance.duty.rawValue)</td><td>\(Controls.host(instance.host))</td><td>\(instance.zone?.text ?? "")</td>
            <td class="num r">\(html(instance.port) { "\($0)" })</td><td class="num r">\(instance.restarts)</td><td>\(Controls.time(instance.since, viewer.now))</td>
            """
        }
    }

    static func body(_ instance: InstanceView, _ viewer: Viewer) -> HTML {
        """
        <div class="title"><h1>\(instance.id)</h1>\(Controls.pill(instance.colour, instance.reason))</div>
        <section class="card"><dl class="facts">
          <div><dt>App</dt><dd>\(Controls.app(instance.app))</dd></div>
          <div><dt>Host</dt><dd>\(Controls.host(instance.host))</dd></div>
          <div><dt>Zone</dt><dd>\(instance.zone?.text ?? "none")</dd></div>
          <div><dt>Duty</dt><dd>\(instance.duty.rawValue)</dd></div>
          <div><dt>Lifecycle</dt><dd>\(instance.state.rawValue)</dd></div>
          <div><dt>Health</dt><dd>\(instance.health.rawValue)</dd></div>
          <div><dt>Port</dt><dd class="num">\(html(instance.port) { "\($0)" })</dd></div>
          <div><dt>Process</dt><dd class="num">\(html(instance.processID) { "\($0)" })</dd></div>
          <div><dt>Restarts</dt><dd class="num">\(instance.restarts)</dd></div>
          <div><dt>Since</dt><dd>\(Controls.time(instance.since, viewer.now))</dd></div>
          \(instance.differences.isEmpty ? .empty : "<div><dt>Differs</dt><dd>\(instance.differences.html { "<div>\($0)</div>" })</dd></div>" as HTML)
        </dl></section>
        <section aria-label="Output"><div class="title"><h2>Output</h2><span class="spacer"></span>\(LogLink.button([("instance", instance.id.description)]))<label class="check"><input id="log-follow" type="checkbox" checked> follow</label></div>
        <pre id="log" class="log" tabindex="0" data-keep data-stream="/v1/instances/\(instance.id)/logs?lines=500&amp;follow=true"></pre>
        <noscript><p class="muted">Without scripts: <code>apus logs \(instance.id) -f</code></p></noscript></section>
        """
    }
}
