package import Core
import FoundationEssentials
import NIOCore

extension APIClient {
    /// Which lines, of which time.
    package struct LogQuestion: Sendable {
        package var query: String
        /// Times as Graphite reads them, or of RFC 3339.
        package var from: String?
        package var until: String?

        package init(query: String, from: String? = nil, until: String? = nil) {
            self.query = query
            self.from = from
            self.until = until
        }

        var pairs: [(String, String?)] { [("query", query), ("from", from), ("until", until)] }
    }

    /// - Parameters:
    ///   - limit: lines of the answer.
    ///   - after: `next` of the answer before.
    package func searchLogs(
        _ question: LogQuestion, limit: Int? = nil, after: String? = nil, oldestFirst: Bool = false
    ) async throws(Problem) -> LogAnswerView {
        try await call(
            LogsRoutes.search,
            query: question.pairs + [
                ("limit", limit.map { "\($0)" }), ("after", after), ("order", oldestFirst ? "oldest" : nil),
            ])
    }

    package func logHistogram(_ question: LogQuestion, buckets: Int? = nil) async throws(Problem) -> LogHistogramView {
        try await call(LogsRoutes.histogram, query: question.pairs + [("buckets", buckets.map { "\($0)" })])
    }

    package func logFields(_ question: LogQuestion) async throws(Problem) -> [LogFieldView] {
        try await call(LogsRoutes.fields, query: question.pairs)
    }

    package func logContext(_ position: String, lines: Int? = nil) async throws(Problem) -> LogAnswerView {
        try await call(LogsRoutes.context, query: [("position", position), ("lines", lines.map { "\($0)" })])
    }

    /// Lines of text or JSON, with labels of their stream.
    package func sendLines(_ text: String, labels: [(String, String)]) async throws(Problem) -> LogsTakenView {
        try await call(
            LogsRoutes.send, query: labels.map { (percentEncoded($0.0), $0.1) }, body: ByteBuffer(string: text))
    }

    package func logErrors(app: String? = nil) async throws(Problem) -> [LogErrorView] {
        try await call(LogsRoutes.errors, query: [("app", app)])
    }

    /// Lines as they arrive.
    package func followLogs(_ query: String) -> EventStream<LogLineView> {
        EventStream(client: self, route: LogsRoutes.follow, path: []) { _ in [("query", query)] }
    }
}
// In APIClient.swift, beside the other calls:
//    /// Calls a route that takes bytes and answers with JSON.
//    func call<Output: Decodable & Sendable>(
//        _ route: Route, query: [(String, String?)], body: ByteBuffer
//    ) async throws(Problem) -> Output { try decode(try await send(route, [], query, body: body)) }
