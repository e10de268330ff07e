import Core
import NIOCore
import NIOPosix
import Telemetry

/// Graphite's lines by TCP, a connection for each shipment.
///
/// The protocol has no answers. So the end of the connection is one: ours is closed for writing behind the
/// last line, and a receiver closes its own when it has read as far as that. One that was killed before
/// leaves bytes unread, and its kernel says so.
struct GraphiteTarget: RelayTarget {
    private static let connecting = TimeAmount.seconds(5)
    private static let reading = TimeAmount.seconds(30)

    let name: RelayName
    let host: String
    let port: Int

    func send(_ shipment: Relay.Shipment) async -> Relay.Outcome {
        do {
            let (channel, end) = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(Self.connecting)
                .connect(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let waiter = EndWaiter(channel.eventLoop.makePromise())
                        try channel.pipeline.syncOperations.addHandler(waiter)
                        return (channel, waiter.end.futureResult)
                    }
                }
            let timer = channel.eventLoop.scheduleTask(in: Self.reading) {
                channel.pipeline.fireErrorCaught(ChannelError.connectTimeout(Self.reading))
            }
            defer {
                timer.cancel()
                channel.close(promise: nil)
            }
            do {
                try await channel.writeAndFlush(ByteBuffer(bytes: RelayLines.encode(shipment)))
                try await channel.close(mode: .output)
            } catch {
                // Somebody has to hear how it ended.
                channel.close(promise: nil)
                try? await end.get()
                throw error
            }
            try await end.get()
            return .delivered
        } catch {
            return .failed(
                TelemetryProblem(
                    "relay.unreachable", "The relay \(name) could not send.",
                    cause: "\(host) port \(port): \(quotedForMessage("\(error)", lengthMax: 200)).",
                    remedy:
                        "Look at the address, and at what listens there; what waits is kept until the buffer is full."))
        }
    }
}

/// Waits for the receiver to close.
private final class EndWaiter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    let end: EventLoopPromise<Void>

    init(_ end: EventLoopPromise<Void>) { self.end = end }

    func channelInactive(context: ChannelHandlerContext) {
        end.succeed()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { end.fail(ChannelError.alreadyClosed) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end.fail(error)
        context.close(promise: nil)
    }
}
