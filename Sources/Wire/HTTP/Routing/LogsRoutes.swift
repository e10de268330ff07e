import HTTPTypes

/// Lines of logs, for Apus's own clients.
package enum LogsRoutes {
    private static let window: [Route.Parameter] = [
        .init("query", .text, #"Which lines, and what is made of them: `app:shop level:>=warn "timed out"`."#),
        .init("from", .text, "A time as Graphite reads it, such as -1h, or of RFC 3339; default -1h."),
        .init("until", .text, "Likewise; default now."),
    ]

    package static let search = Route(
        "searchLogs", .get, "/v1/logs", .role(.viewer),
        "Lines that fulfil a query, the newest first, or the table that its pipes make of them.",
        query: window + [
            .init("limit", .integer, "How many lines at most; 1 to 10000, default 100."),
            .init("after", .text, "Where to go on: `next` of the answer before."),
            .init("order", .text, "newest, or oldest; default newest."),
        ], output: .json(LogAnswerView.self))
    package static let histogram = Route(
        "countLogs", .get, "/v1/logs/histogram", .role(.viewer), "How many lines there were when, by level.",
        query: window + [.init("buckets", .integer, "How many parts of the time, about; 1 to 1000, default 60.")],
        output: .json(LogHistogramView.self))
    package static let fields = Route(
        "listLogFields", .get, "/v1/logs/fields", .role(.viewer), "What lines have, and their most frequent values.",
        query: window, output: .json([LogFieldView].self))
    package static let context = Route(
        "getLogContext", .get, "/v1/logs/context", .role(.viewer), "The lines around one, of its stream.",
        query: [
            .init("position", .text, "The line's `position`."),
            .init("lines", .integer, "How many before and after; 0 to 1000, default 10."),
        ], output: .json(LogAnswerView.self))
    package static let follow = Route(
        "followLogs", .get, "/v1/logs/events", .role(.viewer), "Lines that fulfil a filter, as they arrive.",
        query: [window[0]], output: .events(LogLineView.self))
    package static let send = Route(
        "sendLines", .post, "/v1/logs/lines", .role(.reporter),
        "Keeps lines of text, or of JSON, one a line. The query's names are labels.", takesAnyQuery: true,
        output: .json(LogsTakenView.self))

    package static let errors = Route(
        "listLogErrors", .get, "/v1/logs/errors", .role(.viewer),
        "Kinds of errors that apps have logged, the last one that was seen first.",
        query: [.init("app", .text, "Of this app alone.")], output: .json([LogErrorView].self))

    package static let all: [Route] = [search, histogram, fields, context, follow, send, errors]
}
