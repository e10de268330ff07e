import Core
import Wire

/// Where the lines of something are.
enum LogLink {
    /// How long before and after a time lines are shown that belong to it, in milliseconds.
    private static let margin: Int64 = 60_000

    /// Lines with all of these labels.
    /// - Parameters:
    ///   - from: their beginning; nil: an hour ago.
    ///   - until: their end; nil: now.
    static func path(_ labels: [(String, String)], from: Instant? = nil, until: Instant? = nil) -> String {
        let query = labels.map { "\($0):=\($1)" }.joined(separator: " ")
        var pairs = [("query", query)]
        if let from { pairs.append(("from", time(from.milliseconds - margin))) }
        if let until { pairs.append(("until", time(until.milliseconds + margin))) }
        return "/logs?" + pairs.map { "\($0)=\(percentEncoded($1))" }.joined(separator: "&")
    }

    static func button(_ labels: [(String, String)], from: Instant? = nil, until: Instant? = nil) -> HTML {
        "<a class=\"button small\" href=\"\(path(labels, from: from, until: until))\">Logs</a>"
    }

    /// Seconds since 1970, as Graphite reads them.
    private static func time(_ milliseconds: Int64) -> String { String(milliseconds / 1000) }
}
