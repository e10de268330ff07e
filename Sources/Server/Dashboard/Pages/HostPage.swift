import Core
import Wire

enum HostPage {
    static let groupings: [Filter.Key] = [.zone, .hostClass, .state, .colour]

    private static let columns: [ListFrame.Column] = [
        .init(title: "Host", key: .host, width: .broad), .init(title: "State", key: .colour, width: .broad),
        .init(title: "Zone", key: .zone), .init(title: "Class", key: .hostClass),
        .init(title: "Address", width: .middle), .init(title: "Memory placed", isRight: true, width: .middle),
        .init(title: "Instances", width: .middle), .init(title: "Heard"),
    ]

    static func list(_ hosts: ListPart<HostView>, _ frame: ListFrame, _ viewer: Viewer) -> HTML {
        frame.table(hosts, columns, id: { $0.name.text }) { host in
            """
            <td>\(Controls.host(host.name))</td><td>\(Controls.pill(host.colour, host.reason))</td>
            <td>\(host.zone?.text ?? "")</td><td>\(hostClass(host))</td><td class="num">\(host.address ?? "")</td>
            <td class="num r">\(memory(host))</td><td>\(Controls.counts(host.counts))</td><td>\(Controls.time(host.lastHeard, viewer.now))</td>
            """
        }
    }

    static func body(_ detail: HostDetailView, _ viewer: Viewer) -> HTML {
        let host = detail.host
        let drain =
            host.isDrained
            ? Controls.button(
                viewer, role: .operator, action: "/hosts/\(host.name)/undrain", text: "Take instances again",
                confirm: "\(host.name) may be given instances again.")
            : Controls.button(
                viewer, role: .operator, action: "/hosts/\(host.name)/drain", text: "Drain",
                confirm: "The \(host.counts.total) instances of \(host.name) move elsewhere, and it takes nothing new.",
                style: "danger")
        return """
            <div class="title"><h1>\(host.name)</h1>\(Controls.pill(host.colour, host.reason))<span class="spacer"></span>\(LogLink.button([("host", host.name.text)]))\(drain)</div>
            <section class="card"><dl class="facts">
              <div><dt>Address</dt><dd class="num">\(host.address ?? "unknown")</dd></div>
              <div><dt>Zone</dt><dd>\(host.zone?.text ?? "none")</dd></div>
              <div><dt>Class</dt><dd>\(hostClass(host))\(html(host.hostClass) { " <a href=\"/graphs/class-\($0)\">side by side</a>" })</dd></div>
              <div><dt>Heard</dt><dd>\(Controls.time(host.lastHeard, viewer.now))</dd></div>
              <div><dt>Memory placed</dt><dd class="num">\(memory(host))</dd></div>
              <div><dt>Processors</dt><dd class="num">\(html(host.processors) { "\($0)" })</dd></div>
              <div><dt>System</dt><dd>\(host.system ?? "unknown")</dd></div>
              <div><dt>Agent</dt><dd>\(host.agentVersion ?? "none")</dd></div>
              \(host.labels.isEmpty ? .empty : "<div><dt>Labels</dt><dd>\(host.labels.sorted { $0.key < $1.key }.html { "<span class=\"tag\">\($0.key)=\($0.value)</span> " })</dd></div>" as HTML)
            </dl></section>
            \(balancers(host.balancers))
            <section aria-label="Instances"><h2>Instances \(Controls.counts(host.counts))</h2>\(InstancePage.table(detail.instances, viewer, showsHost: false))</section>
            \(links(detail.links))
            """
    }

    private static func balancers(_ balancers: [BalancerView]) -> HTML {
        guard !balancers.isEmpty else { return .empty }
        return """
            <section class="card"><h2>Balancers</h2>\(balancers.html { balancer in
                """
                <p><strong>\(balancer.name)</strong> \(Controls.pill(balancer.isRunning ? .green : .red, balancer.isRunning ? "running" : "does not run"))
                \(html(balancer.applied) { "configuration <code>\($0.short)</code>" })</p>\(html(balancer.problem, Controls.problem))
                """
            })</section>
            """
    }

    private static func links(_ links: [AppName: LinksView]) -> HTML {
        guard !links.isEmpty else { return .empty }
        return """
            <section><h2>Links</h2><div class="scroll"><table><thead><tr><th>App</th><th>current</th><th>previous</th></tr></thead><tbody>\(links.sorted { $0.key < $1.key }.html { app, links in
                "<tr><td>\(Controls.app(app))</td><td class=\"num\">\(html(links.current) { "r\($0)" })</td><td class=\"num\">\(html(links.previous) { "r\($0)" })</td></tr>"
            })</tbody></table></div></section>
            """
    }

    private static func hostClass(_ host: HostView) -> String {
        guard let name = host.hostClass else { return "" }
        return host.classVersion.map { "\(name)@\($0)" } ?? name.text
    }

    private static func memory(_ host: HostView) -> String {
        let placed = (host.memoryPlaced ?? ByteCount(bytes: 0)).rough
        return host.memory.map { "\(placed) of \($0.rough)" } ?? placed
    }
}
