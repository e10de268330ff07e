import HTTPTypes

/// What shippers of logs call: Elasticsearch's bulk API with what its clients ask before, Loki's push,
/// OpenTelemetry's logs. Paths and shapes are theirs.
package enum LogAcceptRoutes {
    private static func route(
        _ name: String, _ method: HTTPRequest.Method, _ path: String, _ summary: String, _ role: Role = .reporter
    ) -> Route {
        Route(
            name, method, path, .role(role), summary, takesAnyQuery: true, output: .text("application/json"))
    }

    package static let bulk = [
        route("bulk", .post, "/_bulk", "Elasticsearch's bulk API: every document is a line."),
        route("bulkByPut", .put, "/_bulk", "The same."),
        route("bulkOfIndex", .post, "/{index}/_bulk", "The same for an index, which becomes a label."),
        route("bulkOfIndexByPut", .put, "/{index}/_bulk", "The same."),
    ]
    /// What clients of Elasticsearch want to know or to set up before they send.
    package static let handshakes = [
        route("getElasticLicense", .get, "/_license", "A license, as Filebeat asks for it."),
        route("getElasticHealth", .get, "/_cluster/health", "That all is well, as Vector asks for it."),
        route("getElasticXPack", .get, "/_xpack", "What there is of X-Pack: nothing."),
        route("getElasticNodes", .get, "/_nodes/http", "The nodes, for those who look for others: none."),
        route("getElasticPolicy", .get, "/_ilm/policy/{name}", "A policy of retention, which git has here."),
        route("putElasticPolicy", .put, "/_ilm/policy/{name}", "Taken as said and not kept."),
        route("getElasticTemplate", .get, "/_index_template/{name}", "A template of an index: there is none to make."),
        route("putElasticTemplate", .put, "/_index_template/{name}", "Taken as said and not kept."),
        route("getElasticLegacyTemplate", .get, "/_template/{name}", "As index templates."),
        route("putElasticLegacyTemplate", .put, "/_template/{name}", "Taken as said and not kept."),
        route("getElasticStream", .get, "/_data_stream/{name}", "A data stream."),
        route("putElasticStream", .put, "/_data_stream/{name}", "Taken as said and not kept."),
    ]
    package static let loki = route("pushLoki", .post, "/loki/api/v1/push", "Loki's push API.")
    package static let openTelemetry = route(
        "writeOpenTelemetryLogs", .post, "/v1/logs", "OTLP/HTTP logs, as JSON or protobuf.")

    package static let all: [Route] = bulk + handshakes + [loki, openTelemetry]
}
