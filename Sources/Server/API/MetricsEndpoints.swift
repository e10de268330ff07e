import ControlPlane
import Core
import Hummingbird
import Telemetry
import Wire

/// Metrics in Apus's own shapes.
struct MetricsEndpoints {
    private static let pointsMax = 10_000

    let metrics: any MetricsOperations
    let now: @Sendable () -> Instant

    func register(on board: inout Switchboard) {
        registerKeeping(on: &board)
        let (metrics, now) = (metrics, now)
        board.on(MetricsRoutes.series) { call in
            guard let target = call.query.filled("target") else {
                throw Problem(
                    "query.invalid", "`target` is missing.", cause: "The query does not say what is meant.",
                    remedy: "Give a target: sumSeries(hosts.*.cpu.user).")
            }
            let points = try call.integer("points", in: 1...100_000)
            let query = SeriesQuery(
                targets: [target], from: call.query.filled("from") ?? "-1h", until: call.query.filled("until") ?? "now",
                pointsMax: points)
            let notices = QueryNotices()
            let answer = try await query.answer(from: metrics, now: now(), noting: notices)
            return try .json(answer.series.map { SeriesView($0.window) }, isSorted: false).noting(notices)
        }
        board.on(MetricsRoutes.find) { call in
            let limit = try call.integer("limit", in: 1...100_000) ?? 1000
            let pattern = call.query.filled("pattern") ?? "*"
            let nodes = try await Self.find(pattern, in: metrics, now: now())
            return try .json(nodes.prefix(limit).map { $0 })
        }
        board.on(MetricsRoutes.send) { call in
            let points: [PointView] = try await call.input()
            guard points.count <= Self.pointsMax else {
                throw Problem(
                    "points.invalid", "The points were not taken.", cause: "There are \(points.count) of them.",
                    remedy: "Send at most \(Self.pointsMax) at once.")
            }
            let time = now()
            let named = points.map { point in
                // Tags may come in any order. What is no name is refused with its point.
                NamedPoint(
                    name: (try? SeriesName(point.name))?.text ?? point.name,
                    time: (point.time ?? time).milliseconds / 1000, value: point.value)
            }
            let taken = try await metrics.take(named, from: SourceName("api"))
            return try .json(PointsTakenView(taken: taken.taken, refused: taken.refused, reason: taken.reason))
        }
    }

    /// What changes all that is kept, for operators.
    func registerKeeping(on board: inout Switchboard) {
        let metrics = metrics
        board.on(MetricsRoutes.delete) { call in
            let request: SeriesDeletionRequest = try await call.input()
            return try .json(try await metrics.delete(request, by: call.caller()))
        }
        board.on(MetricsRoutes.backUp) { call in
            let request: SeriesBackupRequest = try await call.input()
            return try .json(try await metrics.backUp(request.name, by: call.caller()))
        }
    }

    /// Nodes of the tree, or series by their tags.
    private static func find(
        _ pattern: String, in metrics: any MetricsOperations, now: Instant
    ) async throws(Problem) -> [SeriesNodeView] {
        let seconds = now.milliseconds / 1000
        if pattern.contains("=") {
            let conditions = try pattern.split(separator: ",").map { text throws(Problem) in
                try told { () throws(TelemetryProblem) in try TagCondition(String(text)) }
            }
            return try await told { () async throws(TelemetryProblem) in
                try await metrics.series.names(where: conditions)
            }.map { SeriesNodeView(path: $0.text, isLeaf: true, isBranch: false) }
        }
        return try await told { () async throws(TelemetryProblem) in
            try await metrics.series.find(pattern, from: 0, until: seconds)
        }.map { SeriesNodeView(path: $0.path, isLeaf: $0.isLeaf, isBranch: $0.isBranch) }
    }
}

/// A query in Graphite's words, and its answer.
struct SeriesQuery {
    struct Answer {
        var series: [GraphSeries]
        var from: Int64
        var until: Int64
    }

    var targets: [String]
    var from: String
    var until: String
    var pointsMax: Int?

    func answer(
        from metrics: any MetricsOperations, now: Instant, noting notices: QueryNotices = QueryNotices()
    ) async throws(Problem) -> Answer {
        let fields = Telemetry.FormFields(
            targets.map { ("target", $0) } + [("from", from), ("until", until), ("format", "json")])
        let seconds = now.milliseconds / 1000
        let request = try told { () throws(TelemetryProblem) in try RenderRequest(fields, now: seconds) }
        let events = try await metrics.events(from: request.from, until: request.until)
        let series = try await told { () async throws(TelemetryProblem) in
            try await GraphEvaluator(source: metrics.series(noting: notices)).evaluate(request, events: events)
        }
        let shown = pointsMax.map { RenderJSON.consolidated(series, to: $0) } ?? series
        return Answer(series: shown, from: request.from, until: request.until)
    }
}

extension SeriesView {
    init(_ window: SeriesWindow) {
        self.init(
            name: window.name, start: window.start, step: window.step,
            values: window.values.map { $0.isFinite ? $0 : nil })
    }
}
