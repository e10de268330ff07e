import Core
import NIOCore
import Wire

/// An agent's requests for bytes of packages, answered one after the other: the agent has a few in
/// flight, and memory holds one answer.
struct PackageRequests: Sendable {
    struct Request: Sendable {
        var number: UInt64
        var digest: Core.Digest
        var offset: Int64
        var length: Int
    }

    /// Agents keep a few in flight; a hundred is an agent that does not wait for answers.
    private static let requestsMax = 100

    private let read: @Sendable (Core.Digest, _ offset: Int64, _ length: Int) async throws(Problem) -> ByteBuffer
    private let requests: AsyncStream<Request>
    private let incoming: AsyncStream<Request>.Continuation

    init(read: @escaping @Sendable (Core.Digest, _ offset: Int64, _ length: Int) async throws(Problem) -> ByteBuffer) {
        self.read = read
        (requests, incoming) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.requestsMax))
    }

    func add(_ request: Request, refuse: (ServerMessage) -> Void) {
        let isSane = request.offset >= 0 && (1...AgentProtocol.packageChunkBytesMax).contains(request.length)
        if isSane, case .enqueued = incoming.yield(request) { return }
        refuse(
            .packageRefused(
                request: request.number,
                problem: Problem(
                    "package.request-invalid", "The bytes of a package were not sent.",
                    cause: "\(request.length) bytes at \(request.offset) were asked for, or too much at once.",
                    remedy: "Ask for at most \(AgentProtocol.packageChunkBytesMax) bytes, a few times at once.")))
    }

    func serve(on writer: FrameWriter) async throws {
        for await request in requests {
            switch await answer(to: request) {
            case .success(let bytes): try await writer.write(.packageBytes(request: request.number, bytes))
            case .failure(let problem):
                try await writer.send(.packageRefused(request: request.number, problem: problem))
            }
        }
    }

    private func answer(to request: Request) async -> Result<ByteBuffer, Problem> {
        do throws(Problem) {
            return .success(try await read(request.digest, request.offset, request.length))
        } catch {
            return .failure(error)
        }
    }
}
