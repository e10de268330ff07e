/// Names of fields that every builder knows by the same numbers.
package enum ProgramNames {
    /// How long a line was of which only the beginning is kept.
    package static let cut: UInt32 = 0
    /// The form that a line was said to have and has not; grok: `grok`.
    package static let unparsed: UInt32 = 1
    /// The time that a line gives itself, if that is in the future.
    package static let claimedTime: UInt32 = 2
    /// How many fields are left out of a line with too many.
    package static let lostFields: UInt32 = 3

    static let message: UInt32 = 4
    static let time: UInt32 = 5
    static let level: UInt32 = 6
    static let host: UInt32 = 7
    static let app: UInt32 = 8
    static let pid: UInt32 = 9
    static let facility: UInt32 = 10
    static let messageID: UInt32 = 11
    static let client: UInt32 = 12
    static let user: UInt32 = 13
    static let method: UInt32 = 14
    static let path: UInt32 = 15
    static let protocolVersion: UInt32 = 16
    static let status: UInt32 = 17
    static let bytes: UInt32 = 18
    static let referrer: UInt32 = 19
    static let agent: UInt32 = 20
    static let request: UInt32 = 21
    static let seconds: UInt32 = 22
    static let thread: UInt32 = 23
    static let connection: UInt32 = 24
    static let server: UInt32 = 25
    static let upstream: UInt32 = 26
    static let port: UInt32 = 27
    static let frontend: UInt32 = 28
    static let backend: UInt32 = 29
    static let requestMilliseconds: UInt32 = 30
    static let queueMilliseconds: UInt32 = 31
    static let connectMilliseconds: UInt32 = 32
    static let responseMilliseconds: UInt32 = 33
    static let totalMilliseconds: UInt32 = 34
    static let termination: UInt32 = 35
    static let connections: UInt32 = 36
    static let queues: UInt32 = 37
    static let trace: UInt32 = 38
    static let span: UInt32 = 39
    static let scope: UInt32 = 40
    static let event: UInt32 = 41
    static let virtualHost: UInt32 = 42
    /// The message of a container's line, and in other documents the name of a logger.
    static let log: UInt32 = 46

    /// By number. Behind those that parsers give come the usual names of message, time and level in documents.
    static let all: [String] =
        [
            "cut", "unparsed", "claimed_time", "lost_fields", "message", "time", "level", "host", "app", "pid",
            "facility", "msgid", "client", "user", "method", "path", "protocol", "status", "bytes", "referrer",
            "user_agent", "request", "duration", "thread", "connection", "server", "upstream", "port", "frontend",
            "backend", "request_ms", "queue_ms", "connect_ms", "response_ms", "total_ms", "termination",
            "connections", "queues", "trace_id", "span_id", "scope", "event", "vhost",
        ] + messages.dropFirst() + times.dropFirst() + levels.dropFirst()

    private static let messages = ["message", "msg", "@message", "short_message", "log"]
    private static let times = [
        "time", "timestamp", "ts", "@timestamp", "datetime", "@t", "asctime", "eventTime", "time_iso8601",
        "__REALTIME_TIMESTAMP",
    ]
    private static let levels = [
        "level", "severity", "lvl", "loglevel", "log_level", "log.level", "levelname", "@l", "severity_text",
        "severityText", "level_name",
    ]

    /// What a name says in a document.
    enum Role: UInt8 {
        case none, message, time, level
    }

    /// Numbers below have a role.
    static let roleCount = all.count

    /// By number.
    static let roles: [Role] = all.map {
        messages.contains($0) ? .message : times.contains($0) ? .time : levels.contains($0) ? .level : .none
    }
}
