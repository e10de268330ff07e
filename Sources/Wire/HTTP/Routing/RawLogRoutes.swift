import HTTPTypes

/// Lines as hosts sent them, in the store of objects.
package enum RawLogRoutes {
    package static let list = Route(
        "listRawLogs", .get, "/v1/logs/raw", .role(.viewer),
        "Files of lines as hosts sent them, the oldest first; at most the 10000 newest.",
        query: [
            .init("host", .text, "Of this host."), .init("app", .text, "Of this app."),
            .init("from", .text, "A time as Graphite reads it, such as -1h, or of RFC 3339; default -30d."),
            .init("until", .text, "Likewise; default now."),
        ], output: .json([RawLogView].self))
    package static let text = Route(
        "getRawLog", .get, "/v1/logs/raw/{key}", .role(.viewer), "The lines of one; 8 digits of its key are enough.",
        output: .text("text/plain; charset=utf-8"))

    package static let all: [Route] = [list, text]
}
