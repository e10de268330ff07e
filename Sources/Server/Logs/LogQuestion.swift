import ControlPlane
import Core
import Logs
import Telemetry

/// What a request asks of logs: a query and a window of time.
struct LogQuestion {
    var query: LogQuery
    var filter: LogFilter
    var window: LogWindow

    private static let second: Int64 = 1_000_000_000

    /// - Parameters:
    ///   - from: a time as Graphite reads it, or of RFC 3339; an hour ago if nil.
    ///   - until: likewise; now if nil.
    init(query: String?, from: String?, until: String?, now: Instant) throws(Problem) {
        self.query = try told { () throws(TelemetryProblem) in try LogQuery(query ?? "") }
        let parsed = self.query
        filter = try told { () throws(TelemetryProblem) in try parsed.compiled() }
        // What comes now is seen, and what a clock says that goes a little wrong.
        let start = try Self.time(from ?? "-1h", now)
        let end =
            try until.map { text throws(Problem) in try Self.time(text, now) }
            ?? now.milliseconds * 1_000_000 + 60 * Self.second
        guard start < end else {
            throw Problem(
                "query.invalid", "The span of time is empty.", cause: "`from` is not before `until`.",
                remedy: "Give an earlier `from`.")
        }
        window = LogWindow(from: start, until: end)
    }

    init(_ call: Call, now: Instant) throws(Problem) {
        try self.init(
            query: call.query.filled("query"), from: call.query.filled("from"), until: call.query.filled("until"),
            now: now)
    }

    private static func time(_ text: String, _ now: Instant) throws(Problem) -> Int64 {
        if let time = LogTime.parse(text) { return time }
        return try told { () throws(TelemetryProblem) in
            try TimeExpression.time(text, now: now.milliseconds / 1000, zone: .utc) * second
        }
    }
}
