import ControlPlane
import Core
import Hummingbird
import Telemetry
import Wire

/// Charts: the ready-made pages, those of git, and whatever somebody wants to look at.
struct GraphPages {
    let context: PageContext

    func register(on board: inout Switchboard) {
        let context = context
        let (operations, metrics) = (context.operations, context.metrics)
        board.on(PageRoutes.chart) { call in
            let request = try ChartRequest(Telemetry.FormFields(encoded: (call.request.uri.query ?? "").utf8))
            let picture = try await request.draw(from: metrics, now: context.now())
            return .text(picture.text, type: "image/svg+xml")
        }
        board.on(PageRoutes.graphs) { call in
            let fields = Telemetry.FormFields(encoded: (call.request.uri.query ?? "").utf8)
            let pages = try await Self.pages(operations)
            return try context.page(call, "Graphs", .graphs) { _ in Self.explorer(fields, pages) }
        }
        board.on(PageRoutes.graph) { call in
            let name = call.path["page"] ?? ""
            guard let page = try await Self.pages(operations).first(where: { $0.name == name }) else {
                throw Problem(
                    "dashboard.unknown", "There is no such page of charts.",
                    cause: "\(quotedForMessage(name)) is neither ready-made nor in git.",
                    remedy: "See /graphs for those that there are.")
            }
            let fields = Telemetry.FormFields(encoded: (call.request.uri.query ?? "").utf8)
            return try context.page(call, page.title, .graphs) { _ in
                "<div class=\"title\"><h1>\(page.title)</h1><span class=\"spacer\"></span>\(Self.spans(fields))</div>\(ChartFigure.rows(page))"
            }
        }
    }

    /// Those of git after those that are always there.
    private static func pages(_ operations: any FabricOperations) async throws(Problem) -> [Dashboard] {
        let configuration = try await operations.configuration()
        return ReadyPages.all(configuration)
            + configuration.dashboards.values.sorted { $0.name < $1.name }.map(Dashboard.init)
    }

    private static func explorer(_ fields: Telemetry.FormFields, _ pages: [Dashboard]) -> HTML {
        let targets = fields.all("target").flatMap { $0.split(whereSeparator: \.isNewline).map(String.init) }
        let unit = fields["unit"].flatMap(ChartUnit.init(rawValue:)) ?? .none
        let panel = Dashboard.Panel(title: targets.first ?? "", targets: targets, unit: unit, width: 12)
        return """
            <div class="title"><h1>Graphs</h1><span class="spacer"></span>\(spans(fields))</div>
            <nav class="card spans" aria-label="Pages of charts">\(pages.html { "<a href=\"/graphs/\($0.name)\">\($0.title)</a>" })</nav>
            <form class="card" method="get" action="/graphs">
              <label for="target">Targets of Graphite, one a line</label>
              <textarea id="target" name="target" rows="3" spellcheck="false" placeholder="hosts.*.load.1">\(targets.joined(separator: "\n"))</textarea>
              <div class="row"><label>From <input name="from" value="\(fields["from"] ?? "-1h")"></label>
              <label>Until <input name="until" value="\(fields["until"] ?? "now")"></label><span class="spacer"></span><button class="primary">Draw</button></div>
            </form>
            \(targets.isEmpty ? .empty : ChartFigure.rows(Dashboard(name: "explorer", title: "", rows: [.init(panels: [panel])])))
            \(targets.isEmpty ? .empty : elsewhere(targets, fields, unit: unit))
            """
    }

    /// The same in a terminal, as a picture and as figures.
    private static func elsewhere(_ targets: [String], _ fields: Telemetry.FormFields, unit: ChartUnit) -> HTML {
        let (from, until) = (fields["from"] ?? "-1h", fields["until"] ?? "now")
        let query =
            (targets.map { ("target", $0) } + [("from", from), ("until", until)])
            .map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
        let links = ["svg", "png", "json", "csv"].html { format -> HTML in
            "<a href=\"/render?\(query)&format=\(format)\">\(format)</a>"
        }
        let commands = targets.html { target -> HTML in
            "<code>apus metrics graph '\(target.replacing("'", with: "'\\''"))' --from \(from) --until \(until)\(unit == .none ? "" : " --unit \(unit.written)")</code>"
        }
        return """
            <div class="card elsewhere"><span class="spans">\(links)</span><div>\(commands)</div></div>
            """
    }

    /// Links to other spans of time of the same page.
    static func spans(_ fields: Telemetry.FormFields) -> HTML {
        let kept = fields.pairs.filter { $0.name != "from" && $0.name != "until" }
        let current = fields["from"] ?? "-1h"
        let links = ["-15min", "-1h", "-6h", "-1d", "-7d", "-30d"].html { span -> HTML in
            let query = (kept + [("from", span)]).map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
            let mark: HTML = span == current ? #" aria-current="true""# : ""
            return "<a href=\"?\(query)\"\(mark)>\(span.dropFirst())</a>"
        }
        return "<span class=\"spans\">\(links)</span>"
    }
}

extension Dashboard {
    /// A page of git's.
    init(_ spec: DashboardSpec) {
        self.init(
            name: spec.name.text, title: spec.title,
            rows: spec.rows.map { row in
                Row(
                    title: row.title,
                    panels: row.panels.map { panel in
                        let kind: Panel.Kind =
                            switch panel.kind {
                            case .line: .line
                            case .area: .area
                            case .stacked: .stacked
                            case .heatmap: .heatmap
                            case .hosts: .hosts
                            case .number: .number
                            }
                        return Panel(
                            title: panel.title, kind: kind, targets: panel.targets,
                            unit: ChartUnit(written: panel.unit.rawValue) ?? .none,
                            range: ChartRange(lower: panel.from, upper: panel.to), width: panel.width)
                    })
            })
    }
}
