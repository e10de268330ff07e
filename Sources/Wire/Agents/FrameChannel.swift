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

extension FrameChannel {
    /// Lets whoever reads the frames come to the end of them, whether or not the peer is still there.
    package func endReading() { Self.endReading(channel) }

    package static func endReading(_ channel: any Channel) {
        channel.eventLoop.execute {
            // Behind TLS, whose own end would wait for the peer's.
            let decoder = try? channel.pipeline.syncOperations.context(
                handlerType: ByteToMessageHandler<FrameDecoder>.self)
            decoder?.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }
}

extension FrameWriter {
    package func send(_ message: AgentMessage) async throws { try await write(try Frame(message)) }
    package func send(_ message: ServerMessage) async throws { try await write(try Frame(message)) }
}

extension Frame {
    /// - Throws: `agent.frame-invalid` if the message is too long for a frame.
    package init(_ message: AgentMessage) throws(Problem) {
        if case .heartbeat(let sequence) = message {
            self = .heartbeat(sequence)
        } else {
            self = .message(try Self.json(message))
        }
    }
    package init(_ message: ServerMessage) throws(Problem) {
        if case .heartbeat(let sequence) = message {
            self = .heartbeat(sequence)
        } else {
            self = .message(try Self.json(message))
        }
    }

    package var messageFromAgent: AgentMessage {
        get throws(Problem) { if let heartbeat { .heartbeat(sequence: heartbeat) } else { try decoded() } }
    }
    package var messageFromServer: ServerMessage {
        get throws(Problem) { if let heartbeat { .heartbeat(sequence: heartbeat) } else { try decoded() } }
    }

    // Nearly all that a large fabric says is heartbeats: they are written and read here, byte for
    // byte as JSON would be. Whatever is not exactly so is left to the decoder.
    private static let heartbeatStart: StaticString = #"{"heartbeat":{"sequence":"#
    private static let heartbeatEnd: StaticString = "}}"
    private static let heartbeatDigitsMax = 18

    private static func heartbeat(_ sequence: Int64) -> Frame {
        var buffer = ByteBufferAllocator().buffer(capacity: heartbeatStart.utf8CodeUnitCount + 22)
        buffer.writeStaticString(heartbeatStart)
        buffer.writeString(String(sequence))
        buffer.writeStaticString(heartbeatEnd)
        return .message(buffer)
    }

    /// The sequence, if the message is a heartbeat as we write it.
    private var heartbeat: Int64? {
        guard case .message(let json) = self else { return nil }
        let start = Self.heartbeatStart.utf8CodeUnitCount
        let end = Self.heartbeatEnd.utf8CodeUnitCount
        let digits = json.readableBytes - start - end
        guard (1...Self.heartbeatDigitsMax).contains(digits) else { return nil }
        return json.withUnsafeReadableBytes { bytes in
            guard Self.heartbeatStart.withUTF8Buffer({ bytes.prefix(start).elementsEqual($0) }),
                Self.heartbeatEnd.withUTF8Buffer({ bytes.suffix(end).elementsEqual($0) })
            else { return nil }
            var sequence: Int64 = 0
            for byte in bytes[start..<(start + digits)] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                sequence = sequence * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            // JSON knows no number with a leading zero.
            return digits > 1 && bytes[start] == UInt8(ascii: "0") ? nil : sequence
        }
    }

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
            throw Self.fault("Bytes were received where a message was due.")
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
