import ControlPlane
import Core
import Hummingbird
import Logs
import Telemetry
import Wire

/// Logs in Apus's own shapes.
struct LogsEndpoints {
    /// Bytes of lines that are taken at once.
    private static let bodyBytesMax = 64 << 20
    private static let unpackedBytesMax = 128 << 20
    /// Labels that a sender may give.
    private static let labelsMax = 20

    let logs: any LogsOperations
    let streams: StreamLimit
    let now: @Sendable () -> Instant

    func register(on board: inout Switchboard) {
        let (logs, now, streams) = (logs, now, streams)
        board.on(LogsRoutes.search) { call in
            let question = try LogQuestion(call, now: now())
            let limit = try call.integer("limit", in: 1...10_000) ?? 100
            let order = try Self.order(call)
            let after = try call.query.filled("after").map { text throws(Problem) in try Self.position(text) }
            let answer = try await LogSearchAnswer.of(
                question, limit: limit, order: order, after: after, from: logs.search)
            return try .json(answer)
        }
        board.on(LogsRoutes.histogram) { call in
            let question = try LogQuestion(call, now: now())
            let buckets = try call.integer("buckets", in: 1...1000) ?? 60
            let counts = try await told { () async throws(TelemetryProblem) in
                try await logs.search.levelCounts(question.filter, in: question.window, spansMax: buckets)
            }
            return try .json(LogHistogramView(counts))
        }
        board.on(LogsRoutes.fields) { call in
            let question = try LogQuestion(call, now: now())
            let list = try await told { () async throws(TelemetryProblem) in
                try await logs.search.fields(question.filter, in: question.window)
            }
            return try .json(list.fields.map { LogFieldView($0) })
        }
        board.on(LogsRoutes.context) { call in
            let position = try Self.position(call.query.filled("position") ?? "")
            let count = try call.integer("lines", in: 0...1000) ?? 10
            let context = try await told { () async throws(TelemetryProblem) in
                try await logs.search.context(of: position, before: count, after: count)
            }
            let lines = context.before + [context.line] + context.after
            return try .json(
                LogAnswerView(lines: lines.map { LogLineView($0) }, report: LogReportView(context.report)))
        }
        board.on(LogsRoutes.errors) { call in
            try .json(logs.errors(of: call.query.filled("app")).map { LogErrorView($0.group, query: $0.query) })
        }
        board.on(LogsRoutes.follow) { call in
            let question = try LogQuestion(query: call.query.filled("query"), from: nil, until: nil, now: now())
            return try .events(logs.follow(question.filter) { LogLineView($0) }, limit: streams)
        }
        board.on(LogsRoutes.send) { call in
            let labels = try Self.labels(call)
            let body = try await call.bytes(max: Self.bodyBytesMax, unpackedMax: Self.unpackedBytesMax)
            let time = now().milliseconds * 1_000_000
            let count = try await logs.take { processor throws(Problem) in
                let stream = processor.builder.stream(LogStream([.init("source", "api")] + labels))
                var count = 0
                body.withUnsafeBytes { bytes in
                    for line in bytes.split(separator: UInt8(ascii: "\n")) {
                        processor.take(ByteView(UnsafeRawBufferPointer(rebasing: line)), stream: stream, now: time)
                        count += 1
                    }
                }
                return count
            }
            return try .json(LogsTakenView(taken: count, refused: 0))
        }
    }

    private static func order(_ call: Call) throws(Problem) -> LogOrder? {
        switch call.query.filled("order") {
        case nil: return nil
        case "newest": return .newestFirst
        case "oldest": return .oldestFirst
        case .some(let text):
            throw Problem(
                "query.invalid", "`order` is not usable.", cause: "\(quotedForMessage(text)) was found.",
                remedy: "Give newest or oldest.")
        }
    }

    static func position(_ text: String) throws(Problem) -> LogPosition {
        try told { () throws(TelemetryProblem) in try LogPosition(text) }
    }

    private static func labels(_ call: Call) throws(Problem) -> [LogStream.Label] {
        let fields = Telemetry.FormFields(encoded: (call.request.uri.query ?? "").utf8)
        guard fields.pairs.count <= labelsMax,
            fields.pairs.allSatisfy({ (1...64).contains($0.name.utf8.count) && $0.value.utf8.count <= 128 })
        else {
            throw Problem(
                "query.invalid", "The labels are not usable.", cause: "They are too many, or too long.",
                remedy: "Give at most \(labelsMax) labels: names of 64, values of 128 bytes.")
        }
        return fields.pairs.map { LogStream.Label($0.name, $0.value) }
    }
}
