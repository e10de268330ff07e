package import Core
package import NIOCore

/// One unit of what server and agent send each other. `AgentProtocol` describes its bytes.
package enum Frame: Hashable, Sendable {
    /// A message, as JSON.
    case message(ByteBuffer)
    /// Bytes of a package, in answer to the request of that number.
    case packageBytes(request: UInt64, ByteBuffer)
    /// What a host has measured, to be acknowledged by its number.
    case metrics(sequence: UInt64, ByteBuffer)
    /// Log lines of a host, to be acknowledged by their number.
    case logs(LogParcel)

    fileprivate static let messageKind = UInt8(ascii: "J")
    fileprivate static let packageBytesKind = UInt8(ascii: "B")
    fileprivate static let metricsKind = UInt8(ascii: "M")
    fileprivate static let logsKind = UInt8(ascii: "L")
    fileprivate static let kinds = [messageKind, packageBytesKind, metricsKind, logsKind]
    fileprivate static let lengthBytes = 4
    fileprivate static let numberBytes = 8
}

/// A batch of a host's log lines.
package struct LogParcel: Hashable, Sendable {
    package var number: UInt64
    /// The host's buffer, of which the number is.
    package var buffer: UInt64
    /// Packed, as `LogBatch(packed:)` reads it.
    package var bytes: ByteBuffer

    package init(number: UInt64, buffer: UInt64, bytes: ByteBuffer) {
        self.number = number
        self.buffer = buffer
        self.bytes = bytes
    }
}

extension Frame {
    static func fault(_ cause: String) -> Problem {
        Problem(
            "agent.frame-invalid", "The connection between agent and server was given up.", cause: cause,
            remedy: "Check that the address is the agents' port of an Apus server, and that both run the same version.")
    }
}

/// Cuts the stream into frames. A length is checked before any of its bytes is waited for, so a
/// peer that announces a gigabyte is refused at its fifth byte.
package struct FrameDecoder: ByteToMessageDecoder {
    package typealias InboundOut = Frame

    private var bytesMax: Int

    package init(firstFrameBytesMax: Int = AgentProtocol.firstFrameBytesMax) { bytesMax = firstFrameBytesMax }

    package mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let frame = try next(from: &buffer) else { return .needMoreData }
        context.fireChannelRead(Self.wrapInboundOut(frame))
        return .continue
    }

    package mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        // What is left is a frame that the peer did not finish: nothing to hand on.
        try decode(context: context, buffer: &buffer)
    }

    /// - Returns: the next frame, or nil if its bytes are not all there yet.
    /// - Throws: `agent.frame-invalid` for a length or kind that no peer of ours sends.
    package mutating func next(from buffer: inout ByteBuffer) throws(Problem) -> Frame? {
        let start = buffer.readerIndex
        guard let length = buffer.getInteger(at: start, as: UInt32.self) else { return nil }
        guard length >= 1 && Int(length) <= bytesMax else {
            throw Frame.fault("A frame of \(length) bytes was announced; \(bytesMax) are allowed.")
        }
        if let kind = buffer.getInteger(at: start + Frame.lengthBytes, as: UInt8.self) {
            guard Frame.kinds.contains(kind) else {
                throw Frame.fault("A frame of the unknown kind \(kind) was received.")
            }
        }
        guard buffer.readableBytes >= Frame.lengthBytes + Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: Frame.lengthBytes)
        guard var body = taken(Int(length), from: &buffer), let kind = body.readInteger(as: UInt8.self) else {
            return nil
        }
        bytesMax = AgentProtocol.frameBytesMax
        guard kind != Frame.messageKind else { return .message(body) }
        guard let number = body.readInteger(as: UInt64.self) else {
            throw Frame.fault("A frame of bytes was received without its number.")
        }
        switch kind {
        case Frame.metricsKind: return .metrics(sequence: number, body)
        case Frame.logsKind:
            guard let name = body.readInteger(as: UInt64.self) else {
                throw Frame.fault("A frame of log lines was received without its buffer.")
            }
            return .logs(LogParcel(number: number, buffer: name, bytes: body))
        default: return .packageBytes(request: number, body)
        }
    }
}

extension FrameDecoder {
    /// A frame up to this size is copied out of what was received.
    private static let copiedBytesMax = 16 << 10

    /// A short frame that waits for its reader must not keep the whole buffer that it came in, which
    /// is as long as the longest record of TLS: ten thousand waiting heartbeats would be 160 MB.
    private func taken(_ length: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        guard let slice = buffer.readSlice(length: length) else { return nil }
        guard length <= Self.copiedBytesMax else { return slice }
        var body = ByteBufferAllocator().buffer(capacity: length)
        body.writeImmutableBuffer(slice)
        return body
    }
}

package struct FrameEncoder: MessageToByteEncoder {
    package typealias OutboundIn = Frame

    package init() {}

    /// - Throws: `agent.frame-invalid` for a frame that the peer would refuse.
    package func encode(data: Frame, out: inout ByteBuffer) throws {
        switch data {
        case .message(let json):
            try writeLength(1 + json.readableBytes, to: &out)
            out.writeInteger(Frame.messageKind)
            out.writeImmutableBuffer(json)
        case .packageBytes(let request, let bytes):
            try write(Frame.packageBytesKind, request, bytes, to: &out)
        case .metrics(let sequence, let bytes):
            try write(Frame.metricsKind, sequence, bytes, to: &out)
        case .logs(let parcel):
            try writeLength(1 + 2 * Frame.numberBytes + parcel.bytes.readableBytes, to: &out)
            out.writeInteger(Frame.logsKind)
            out.writeInteger(parcel.number)
            out.writeInteger(parcel.buffer)
            out.writeImmutableBuffer(parcel.bytes)
        }
    }

    private func write(_ kind: UInt8, _ number: UInt64, _ bytes: ByteBuffer, to out: inout ByteBuffer) throws(Problem) {
        try writeLength(1 + Frame.numberBytes + bytes.readableBytes, to: &out)
        out.writeInteger(kind)
        out.writeInteger(number)
        out.writeImmutableBuffer(bytes)
    }

    private func writeLength(_ length: Int, to out: inout ByteBuffer) throws(Problem) {
        guard length <= AgentProtocol.frameBytesMax else {
            throw Frame.fault("A frame of \(length) bytes was to be sent; \(AgentProtocol.frameBytesMax) are allowed.")
        }
        out.writeInteger(UInt32(length))
    }
}
