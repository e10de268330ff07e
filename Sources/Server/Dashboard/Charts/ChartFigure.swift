import ControlPlane
import Core
import Telemetry
import Wire

/// A chart of a page: a place that the script fills, again every few seconds, with what `/charts` draws.
/// Without the script the picture itself is there, as it was when the page came.
enum ChartFigure {
    static func figure(_ panel: Dashboard.Panel) -> HTML {
        let address = "/charts?\(query(panel))"
        return """
            <figure class="chart span\(panel.width)" data-chart="\(address)" data-keep><figcaption class="links"><a href="/graphs?\(explored(panel))" title="Look closer">\(panel.title)</a>\(lines(panel))</figcaption><noscript><img src="\(address)" alt="\(panel.title)"></noscript></figure>
            """
    }

    static func rows(_ dashboard: Dashboard) -> HTML {
        dashboard.rows.html { row in
            """
            <section class="charts" aria-label="\(row.title)">\(row.title.isEmpty ? .empty : "<h2>\(row.title)</h2>" as HTML)<div class="panels">\(row.panels.html(figure))</div></section>
            """
        }
    }

    /// The lines of the app or host that a chart is of; the script gives the link the chart's time.
    private static func lines(_ panel: Dashboard.Panel) -> HTML {
        guard let label = label(panel.targets) else { return .empty }
        return "<a class=\"lines\" href=\"\(LogLink.path([label]))\" title=\"Lines of \(label.1)\">Lines</a>"
    }

    /// What names all series of some targets are below: `apps.APP.`, `balancers.BALANCER.APP.` or `hosts.HOST.`.
    static func label(_ targets: [String]) -> (String, String)? {
        var labels: Set<[String]> = []
        for target in targets {
            for name in target.split(whereSeparator: { "(),'\" ".contains($0) }) {
                let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
                switch parts.first {
                case "apps" where parts.count > 1: labels.insert(["app", parts[1]])
                case "balancers" where parts.count > 2: labels.insert(["app", parts[2]])
                case "hosts" where parts.count > 1: labels.insert(["host", parts[1]])
                default: break
                }
            }
        }
        guard labels.count == 1, let label = labels.first, (try? AppName(label[1])) != nil else { return nil }
        return (label[0], label[1])
    }

    /// The same targets on the page that draws any.
    private static func explored(_ panel: Dashboard.Panel) -> String {
        (panel.targets + panel.secondTargets).map { "target=\(percentEncoded($0))" }.joined(separator: "&")
            + "&unit=\(percentEncoded(panel.unit.rawValue))"
    }

    private static func query(_ panel: Dashboard.Panel) -> String {
        var pairs = [("title", panel.title), ("kind", panel.kind.rawValue), ("unit", panel.unit.rawValue)]
        pairs += panel.targets.map { ("target", $0) }
        pairs += panel.secondTargets.map { ("second", $0) }
        if !panel.secondTargets.isEmpty { pairs.append(("second-unit", panel.secondUnit.rawValue)) }
        if let lower = panel.range.lower { pairs.append(("lower", "\(lower)")) }
        if let upper = panel.range.upper { pairs.append(("upper", "\(upper)")) }
        return pairs.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    }
}

/// What `/charts` is asked for.
struct ChartRequest {
    private static let targetsMax = 50
    /// Tags of events that are bad news.
    private static let alarming: Set = ["failed", "source-full"]
    /// Points beyond what a screen shows are put together.
    private static let pointsMax = 2000

    let panel: Dashboard.Panel
    let from: String
    let until: String
    let options: SVGChart.Options

    /// - Throws: `chart.invalid`.
    init(_ fields: Telemetry.FormFields) throws(Problem) {
        let targets = fields.all("target")
        let second = fields.all("second")
        guard !targets.isEmpty, targets.count + second.count <= Self.targetsMax else {
            throw Self.invalid("It has \(targets.count) targets.", "Give 1 to \(Self.targetsMax) targets.")
        }
        func choice<Choice: RawRepresentable<String>>(_ name: String, _ standard: Choice) throws(Problem) -> Choice {
            guard let text = fields[name], !text.isEmpty else { return standard }
            guard let choice = Choice(rawValue: text) else {
                throw Self.invalid("`\(name)` is \(quotedForMessage(text)).", "Take the address from a page.")
            }
            return choice
        }
        func number(_ name: String) -> Double? { fields[name].flatMap(Double.init).flatMap { $0.isFinite ? $0 : nil } }
        panel = Dashboard.Panel(
            title: fields["title"] ?? "", kind: try choice("kind", .line), targets: targets,
            unit: try choice("unit", .none), secondTargets: second, secondUnit: try choice("second-unit", .none),
            range: ChartRange(lower: number("lower"), upper: number("upper")))
        from = fields["from"].flatMap { $0.isEmpty ? nil : $0 } ?? "-1h"
        until = fields["until"].flatMap { $0.isEmpty ? nil : $0 } ?? "now"
        options = SVGChart.Options(
            width: fields["width"].flatMap(Int.init) ?? 600, height: fields["height"].flatMap(Int.init) ?? 200,
            theme: try choice("theme", .adaptive))
    }

    /// The picture, with marks for what happened.
    func draw(from metrics: any MetricsOperations, now: Instant) async throws(Problem) -> Markup {
        let first = try await answer(panel.targets, from: metrics, now: now)
        let second =
            panel.secondTargets.isEmpty
            ? [] : try await answer(panel.secondTargets, from: metrics, now: now).series
        let events = try await metrics.events(from: first.from, until: first.until)
        let marks = events.suffix(40).map {
            ChartMark(
                time: $0.time, label: $0.what, isAlarming: !Self.alarming.isDisjoint(with: $0.tags),
                execution: $0.execution)
        }
        return panel.picture(
            first.series, second: second, from: first.from, until: first.until, marks: marks, options: options)
    }

    private func answer(
        _ targets: [String], from metrics: any MetricsOperations, now: Instant
    ) async throws(Problem) -> SeriesQuery.Answer {
        try await SeriesQuery(targets: targets, from: from, until: until, pointsMax: Self.pointsMax)
            .answer(from: metrics, now: now)
    }

    private static func invalid(_ cause: String, _ remedy: String) -> Problem {
        Problem("chart.invalid", "The chart cannot be drawn.", cause: cause, remedy: remedy)
    }
}
