import ControlPlane
import Core
import HTTPTypes
import Hummingbird
import Logs
import Telemetry
import Wire

/// What shippers of logs send, in their own protocols.
struct LogAcceptEndpoints {
    /// Bytes of a body, as it comes and unpacked.
    private static let bodyBytesMax = 64 << 20
    private static let unpackedBytesMax = 256 << 20

    let logs: any LogsOperations
    let now: @Sendable () -> Instant

    func register(on board: inout Switchboard) {
        for route in LogAcceptRoutes.handshakes {
            board.on(route) { call in
                guard let answer = Self.handshake(call) else { throw Self.unknown(call) }
                return answer
            }
        }
        registerBulk(on: &board)
        registerPushes(on: &board)
    }

    /// What a client of Elasticsearch is answered to what it asks before it sends; nil if it is none of that.
    static func handshake(_ call: Call) -> Response? {
        let path = call.request.uri.path
        return ElasticHandshake.answer(method: call.request.method.rawValue, path: path).map { Response($0) }
    }

    private static func unknown(_ call: Call) -> Problem {
        Problem(
            "route.unknown", "There is nothing at this address.",
            cause: "\(quotedForMessage(call.request.uri.path)) is nothing that a sender of lines needs.",
            remedy: "GET /openapi.json lists what there is.")
    }

    private func registerBulk(on board: inout Switchboard) {
        let (logs, now) = (logs, now)
        for route in LogAcceptRoutes.bulk {
            board.on(route) { call in
                let began = ContinuousClock.now
                let body = try await Self.body(of: call)
                let time = now().milliseconds * 1_000_000
                let index = call.path["index"]
                let answer = try await logs.take { processor throws(Problem) in
                    try body.withRawBytes { bytes throws(Problem) in
                        try told { () throws(TelemetryProblem) in
                            try ElasticBulk.read(
                                bytes, index: index, stream: ["source": "bulk"], now: time, into: &processor)
                        }
                    }
                }
                let took = (ContinuousClock.now - began).components
                let brief = (call.request.uri.query ?? "").contains("filter_path")
                return .elastic(
                    answer.json(
                        took: Int(took.seconds * 1000 + took.attoseconds / 1_000_000_000_000_000), isBrief: brief))
            }
        }
    }

    /// Loki's push and OpenTelemetry's logs, each in JSON or protobuf.
    private func registerPushes(on board: inout Switchboard) {
        let (logs, now) = (logs, now)
        board.on(LogAcceptRoutes.loki) { call in
            let isProtobuf = call.isProtobuf
            let body = try await Self.body(of: call)
            let intake = LogIntake(stream: ["source": "loki"], now: now().milliseconds * 1_000_000)
            _ = try await logs.take { processor throws(Problem) in
                try told { () throws(TelemetryProblem) in
                    isProtobuf
                        ? try LokiPush.readProtobuf(body, intake, into: &processor)
                        : try LokiPush.readJSON(body, intake, into: &processor)
                }
            }
            return Response(status: .noContent)
        }
        board.on(LogAcceptRoutes.openTelemetry) { call in
            let isProtobuf = call.isProtobuf
            let body = try await Self.body(of: call)
            let intake = LogIntake(stream: ["source": "otlp"], now: now().milliseconds * 1_000_000)
            _ = try await logs.take { processor throws(Problem) in
                try told { () throws(TelemetryProblem) in
                    isProtobuf
                        ? try OTLPLogs.readProtobuf(body, intake, into: &processor)
                        : try OTLPLogs.readJSON(body, intake, into: &processor)
                }
            }
            return Response(isProtobuf ? OTLPLogs.protobufAnswer : OTLPLogs.jsonAnswer)
        }
    }

    private static func body(of call: Call) async throws(Problem) -> [UInt8] {
        try await call.bytes(max: bodyBytesMax, unpackedMax: unpackedBytesMax)
    }
}

extension Call {
    /// Whether no browser calls: those have a session, or take pages.
    var isOfProgram: Bool {
        session == nil && request.uri.query == nil && !(request.headers[.accept]?.contains("text/html") ?? false)
    }

    fileprivate var isProtobuf: Bool {
        request.headers[.contentType]?.lowercased().hasPrefix("application/x-protobuf") ?? false
    }
}

extension Response {
    init(_ answer: AcceptAnswer) {
        self = .bytes(answer.body, type: answer.contentType)
        status = .init(code: answer.status)
        for (name, value) in answer.fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
    }

    /// An answer as clients of Elasticsearch demand it: they look for this header.
    static func elastic(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        var response = Response.bytes(bytes, type: "application/json")
        response.status = status
        response.headers[.elasticProduct] = "Elasticsearch"
        return response
    }
}

extension [UInt8] {
    func withRawBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        try withUnsafeBufferPointer { (bytes) throws(Problem) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}

extension HTTPField.Name {
    static let elasticProduct = Self("X-Elastic-Product")!
}
