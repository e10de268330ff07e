package import Core

extension APIClient {
    /// What a Graphite target gives.
    /// - Parameters:
    ///   - from: a time as Graphite reads it: `-1h`, `midnight`, seconds since 1970.
    ///   - points: how many a series has at most.
    package func series(
        _ target: String, from: String? = nil, until: String? = nil, points: Int? = nil
    ) async throws(Problem) -> [SeriesView] {
        try await call(
            MetricsRoutes.series,
            query: [("target", target), ("from", from), ("until", until), ("points", points.map { "\($0)" })])
    }

    package func findSeries(_ pattern: String, limit: Int? = nil) async throws(Problem) -> [SeriesNodeView] {
        try await call(MetricsRoutes.find, query: [("pattern", pattern), ("limit", limit.map { "\($0)" })])
    }

    package func deleteSeries(_ request: SeriesDeletionRequest) async throws(Problem) -> SeriesDeletionView {
        try await call(MetricsRoutes.delete, with: request)
    }

    package func backUpSeries(_ name: BackupName) async throws(Problem) -> SeriesBackupView {
        try await call(MetricsRoutes.backUp, with: SeriesBackupRequest(name: name))
    }

    package func send(_ points: [PointView]) async throws(Problem) -> PointsTakenView {
        try await call(MetricsRoutes.send, with: points)
    }
}
