import Core
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A receiver of webhooks on loopback: answers what a test says, and remembers what came.
final class Receiver: Sendable {
    struct Received: Sendable {
        var headers: [String: String] = [:]
        var body = ""
    }

    enum Answer: Sendable {
        case status(Int)
        case redirect(String)
        /// The connection is held, and nothing is said.
        case nothing
    }

    private let received = Mutex<[Received]>([])
    private let answers: Mutex<[Answer]>

    /// - Parameter answers: in their order; 204 after the last.
    init(_ answers: [Answer] = []) { self.answers = Mutex(answers) }

    var requests: [Received] { received.withLock { $0 } }

    /// Listens while `body` runs, and tells it the port.
    func serving<Value>(_ body: (Int) async throws -> Value) async throws -> Value {
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReceiverHandler(receiver: self))
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do { result = .success(try await body(listener.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await listener.close().get()
        return try result.get()
    }

    fileprivate func answer(_ request: Received) -> Answer {
        received.withLock { $0.append(request) }
        return answers.withLock { $0.isEmpty ? .status(204) : $0.removeFirst() }
    }
}

private final class ReceiverHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let receiver: Receiver
    private var request = Receiver.Received()

    init(receiver: Receiver) { self.receiver = receiver }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = .init()
            for (name, value) in head.headers { request.headers[name.lowercased()] = value }
        case .body(let bytes): request.body += String(buffer: bytes)
        case .end:
            var headers = HTTPHeaders([("content-length", "0")])
            let status: Int
            switch receiver.answer(request) {
            case .status(let code): status = code
            case .redirect(let target):
                status = 307
                headers.add(name: "location", value: target)
            case .nothing: return
            }
            let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
