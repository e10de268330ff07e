import HTTPTypes

/// What Graphite's clients call, Grafana among them, and what other programs send metrics to. Paths and
/// shapes are theirs, so they are outside of `/v1/`, and read their own queries and forms.
package enum GraphiteRoutes {
    private static let json = Route.Output.text("application/json")

    private static func query(
        _ name: String, _ method: HTTPRequest.Method, _ path: String, _ summary: String, output: Route.Output = json
    ) -> Route {
        Route(name, method, path, .role(.viewer), summary, takesAnyQuery: true, output: output)
    }

    package static let render = query(
        "renderSeries", .get, "/render", "Graphite's render API: `target`, `from`, `until`, `format`.")
    package static let renderForm = query(
        "renderSeriesByForm", .post, "/render", "Graphite's render API, the fields in a form.")
    package static let find = query("findSeries", .get, "/metrics/find", "The nodes below a part of the tree.")
    package static let findForm = query("findSeriesByForm", .post, "/metrics/find", "The same by a form.")
    package static let expand = query("expandSeries", .get, "/metrics/expand", "The paths that patterns match.")
    package static let expandForm = query("expandSeriesByForm", .post, "/metrics/expand", "The same by a form.")
    package static let index = query("indexSeries", .get, "/metrics/index.json", "Every path.")
    package static let tags = query("listTags", .get, "/tags", "The keys of tags.")
    package static let tag = query("getTag", .get, "/tags/{tag}", "A tag and its values.")
    package static let completeTags = query(
        "completeTags", .get, "/tags/autoComplete/tags", "Keys of tags that begin so.")
    package static let completeTagsForm = query(
        "completeTagsByForm", .post, "/tags/autoComplete/tags", "The same by a form.")
    package static let completeValues = query(
        "completeTagValues", .get, "/tags/autoComplete/values", "Values of a tag that begin so.")
    package static let completeValuesForm = query(
        "completeTagValuesByForm", .post, "/tags/autoComplete/values", "The same by a form.")
    package static let findByTags = query("findSeriesByTags", .get, "/tags/findSeries", "Series by their tags.")
    package static let findByTagsForm = query(
        "findSeriesByTagsByForm", .post, "/tags/findSeries", "The same by a form.")
    package static let functions = query("listFunctions", .get, "/functions", "Every function of targets.")
    package static let function = query("getFunction", .get, "/functions/{function}", "A function of targets.")
    package static let graphiteVersion = query("getGraphiteVersion", .get, "/version", "Whose API is spoken.")
    package static let events = query(
        "listEvents", .get, "/events/get_data", "What happened: deploys, and what was posted.")
    package static let postEvent = Route(
        "postEvent", .post, "/events", .role(.reporter), "Says that something has happened.", takesAnyQuery: true,
        output: json)

    package static let remoteWrite = Route(
        "remoteWrite", .post, "/api/v1/write", .role(.reporter), "Prometheus' remote write, version 1.",
        takesAnyQuery: true, output: .nothing)
    package static let openTelemetry = Route(
        "writeOpenTelemetry", .post, "/v1/metrics", .role(.reporter), "OTLP/HTTP metrics as JSON.", takesAnyQuery: true,
        output: json)

    package static let all: [Route] = [
        render, renderForm, find, findForm, expand, expandForm, index, tags, tag, completeTags, completeTagsForm,
        completeValues, completeValuesForm, findByTags, findByTagsForm, functions, function, graphiteVersion, events,
        postEvent, remoteWrite, openTelemetry,
    ]
}
