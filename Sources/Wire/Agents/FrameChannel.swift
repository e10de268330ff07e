package import Core
import FoundationEssentials
package import NIOCore

/// A connection whose bytes are cut into frames.
package typealias FrameChannel = NIOAsyncChannel<Frame, Frame>
package typealias FrameWriter = NIOAsyncChannelOutboundWriter<Frame>

extension FrameChannel {
    /// Adds the frame handlers to a channel that already has TLS, on its event loop.
    package static func wrapping(_ channel: any Channel) throws -> FrameChannel {
        try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(FrameDecoder()), MessageToByteHandler(FrameEncoder()),
        ])
        return try FrameChannel(wrappingChannelSynchronously: channel)
    }
}

extension FrameWriter {
    package func send(_ message: AgentMessage) async throws { try await write(try Frame(message)) }
    package func send(_ message: ServerMessage) async throws { try await write(try Frame(message)) }
}

extension Frame {
    /// - Throws: `agent.frame-invalid` if the message is too long for a frame.
    package init(_ message: AgentMessage) throws(Problem) { self = .message(try Self.json(message)) }
    package init(_ message: ServerMessage) throws(Problem) { self = .message(try Self.json(message)) }

    package var messageFromAgent: AgentMessage { get throws(Problem) { try decoded() } }
    package var messageFromServer: ServerMessage { get throws(Problem) { try decoded() } }

    private static func json(_ message: some Encodable) throws(Problem) -> ByteBuffer {
        let json: Data
        do {
            json = try JSONEncoder().encode(message)
        } catch {
            throw fault("A message could not be written as JSON: \(error).")
        }
        guard json.count < AgentProtocol.frameBytesMax else {
            throw fault("A message of \(json.count) bytes was to be sent; \(AgentProtocol.frameBytesMax) are allowed.")
        }
        return ByteBuffer(bytes: json)
    }

    private func decoded<Message: Decodable>() throws(Problem) -> Message {
        guard case .message(let json) = self else {
            throw Self.fault("Bytes of a package were received where a message was due.")
        }
        do {
            return try JSONDecoder().decode(Message.self, from: Data(json.readableBytesView))
        } catch let problem as Problem {
            throw Self.fault("A message holds what is not allowed. \(problem.sentence) \(problem.cause)")
        } catch {
            throw Self.fault("A message could not be understood: \(quotedForMessage("\(error)", lengthMax: 300)).")
        }
    }
}
