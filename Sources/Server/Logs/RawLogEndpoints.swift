import ControlPlane
import Core
import Hummingbird
import Logs
import Wire

/// Lines as hosts sent them.
struct RawLogEndpoints {
    private static let objectsMax = 10_000

    let logs: any RawLogOperations
    let now: @Sendable () -> Instant

    func register(on board: inout Switchboard) {
        let (logs, now) = (logs, now)
        board.on(RawLogRoutes.list) { call in
            let question = try LogQuestion(
                query: nil, from: call.query.filled("from") ?? "-30d", until: call.query.filled("until"), now: now())
            let (window, host, app) = (question.window, call.query.filled("host"), call.query.filled("app"))
            let found = try await logs.rawLogs().filter { object in
                object.firstTime < window.until && object.lastTime >= window.from
                    && (host == nil || object.labels["host"] == host) && (app == nil || object.labels["app"] == app)
            }
            let newest = found.sorted { ($0.firstTime, $0.key.hex) < ($1.firstTime, $1.key.hex) }
                .suffix(Self.objectsMax)
            return try .json(newest.map { RawLogView($0) })
        }
        board.on(RawLogRoutes.text) { call in
            .bytes(try await logs.rawLog(call.path["key"] ?? ""), type: "text/plain; charset=utf-8")
        }
    }
}

extension RawLogView {
    init(_ object: RawLogObject) {
        self.init(
            key: object.key.hex, host: object.labels["host"] ?? "", name: object.name, labels: object.labels,
            from: LogTime.text(object.firstTime), until: LogTime.text(object.lastTime), lines: object.lines,
            bytes: object.bytes, packedBytes: object.packedBytes)
    }
}
