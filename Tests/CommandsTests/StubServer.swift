import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

/// Answers requests with what a test says, and remembers them.
final class StubServer: Sendable {
    struct Answer: Sendable {
        var status = HTTPResponseStatus.ok
        var type = "application/json"
        var body: String

        static func json(_ value: some Encodable, status: HTTPResponseStatus = .ok) -> Answer {
            Answer(
                status: status,
                body: (try? JSONEncoder().encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "")
        }

        static func events(_ events: [some StreamEvent]) -> Answer {
            let body = events.map { event in
                let data = (try? JSONEncoder().encode(event)).map { String(decoding: $0, as: UTF8.self) } ?? ""
                return ServerSentEvent(id: "\(event.sequence)", name: event.eventName, data: data).encoded
            }.joined()
            return Answer(
                type: "text/event-stream",
                body: body + ServerSentEvent(name: ServerSentEvent.endName, data: "{}").encoded)
        }
    }

    struct Received: Sendable {
        var line: String
        var authorization: String?
        var body: String
    }

    private let answers: [String: Answer]
    private let received = Mutex<[Received]>([])
    private let channel = Mutex<(any Channel)?>(nil)

    /// - Parameter answers: by method and path: `GET /v1/status`; the query is not compared.
    init(_ answers: [String: Answer]) { self.answers = answers }

    var requests: [Received] { received.withLock { $0 } }

    /// Listens while `body` runs, and tells it the address.
    func serving<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(StubHandler(server: self))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do { result = .success(try await body("http://127.0.0.1:\(listener.localAddress?.port ?? 0)")) } catch {
            result = .failure(error)
        }
        try await listener.close().get()
        return try result.get()
    }

    func answer(_ request: Received) -> Answer {
        received.withLock { $0.append(request) }
        let key = String(request.line.prefix { $0 != "?" })
        return answers[key]
            ?? .json(
                Problem("route.unknown", "No such route.", cause: request.line, remedy: "Stub it."), status: .notFound)
    }
}

private final class StubHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let server: StubServer
    private var request = StubServer.Received(line: "", body: "")

    init(server: StubServer) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = .init(
                line: "\(head.method.rawValue) \(head.uri)", authorization: head.headers.first(name: "authorization"),
                body: "")
        case .body(let bytes): request.body += String(buffer: bytes)
        case .end:
            let answer = server.answer(request)
            let headers = HTTPHeaders([("content-type", answer.type), ("content-length", "\(answer.body.utf8.count)")])
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: answer.status, headers: headers))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
