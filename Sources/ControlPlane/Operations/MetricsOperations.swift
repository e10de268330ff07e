package import Core
package import Telemetry
package import Wire

/// What pages, Graphite's API and senders of metrics ask of the server's metrics.
package protocol MetricsOperations: Sendable {
    /// Where the queries of one request read from. What its answers lack is said in the notices.
    func series(noting notices: QueryNotices) -> any SeriesSource

    /// What the store counts of itself.
    var statistics: SeriesStoreStatistics { get }

    /// How many sources have no room for new series.
    var sourcesFull: Int { get }

    /// Deletes series with all their points, or only says which.
    /// - Throws: `pattern.too-wide`, `metrics.delete-more`.
    func delete(_ request: SeriesDeletionRequest, by principal: Principal) async throws(Problem) -> SeriesDeletionView

    /// Copies all series as they are at one moment into a new folder on the server.
    func backUp(_ name: BackupName, by principal: Principal) async throws(Problem) -> SeriesBackupView

    /// What happened in `from < time <= until`, in order: deploys by themselves, and what was posted.
    func events(from: Int64, until: Int64) async throws(Problem) -> [GraphEvent]

    /// Keeps something that somebody says has happened.
    func post(_ event: GraphEvent, by principal: Principal) async throws(Problem)

    /// Keeps points that came over HTTP: no loss of power takes them back once it returns.
    /// - Returns: how many were refused, and why one of them was.
    func take(_ points: [NamedPoint], from source: SourceName) async throws(Problem) -> PointsTaken
    func take(_ points: NamedPoints, from source: SourceName) async throws(Problem) -> PointsTaken

    /// Keeps the points of an OTLP/HTTP request, as JSON or protobuf.
    func takeOpenTelemetry(_ body: [UInt8], as format: OTLPMetrics.Format) async throws(Problem) -> PointsTaken

    /// Makes PNG of SVG.
    /// - Throws: `picture.failed`.
    func png(_ svg: String, width: Int) async throws(Problem) -> [UInt8]
}

package struct PointsTaken: Hashable, Sendable {
    package var taken = 0
    package var refused = 0
    package var reason: String?

    package init() {}
}

extension MetricsOperations {
    /// Where queries read from that have no place for notices.
    package var series: any SeriesSource { series(noting: QueryNotices()) }
}
