import HTTPTypes

/// Metrics for Apus's own clients: the same queries as Graphite's, in Apus's own shapes.
package enum MetricsRoutes {
    package static let series = Route(
        "querySeries", .get, "/v1/series", .role(.viewer), "What a Graphite target gives.",
        query: [
            .init("target", .text, "A target of Graphite: sumSeries(hosts.*.cpu.user)."),
            .init("from", .text, "A time as Graphite reads it, such as -1h; default -1h."),
            .init("until", .text, "Likewise; default now."),
            .init("points", .integer, "How many points a series has at most; 1 to 100000."),
        ], output: .json([SeriesView].self))
    package static let find = Route(
        "findNodes", .get, "/v1/series/find", .role(.viewer), "The nodes that a pattern matches.",
        query: [
            .init("pattern", .text, "hosts.*, or conditions on tags: host=web-1."),
            .init("limit", .integer, "How many at most; 1 to 100000, default 1000."),
        ], output: .json([SeriesNodeView].self))
    package static let send = Route(
        "sendPoints", .post, "/v1/points", .role(.reporter), "Keeps points.", input: [PointView].self,
        output: .json(PointsTakenView.self))

    package static let delete = Route(
        "deleteSeries", .post, "/v1/series/delete", .role(.operator),
        "Deletes the series that a pattern means, with all their points.", input: SeriesDeletionRequest.self,
        output: .json(SeriesDeletionView.self))
    package static let backUp = Route(
        "backUpSeries", .post, "/v1/series/backup", .role(.operator),
        "Copies all series as they are at one moment into a new folder on the server.",
        input: SeriesBackupRequest.self, output: .json(SeriesBackupView.self))

    package static let all: [Route] = [series, find, send, delete, backUp]
}
