import Core
import NIOCore
import NIOPosix
import Synchronization
import Wire

/// A network between agent and server that a test can cut, or make swallow everything.
final class Forwarder: Sendable {
    private typealias Bytes = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private struct State {
        var server: ServerAddress
        var isFrozen = false
        var channels: [any Channel] = []
    }

    private let state: Mutex<State>

    init(to server: ServerAddress) { state = Mutex(State(server: server)) }

    /// From now on connections lead there.
    func redirect(to server: ServerAddress) { state.withLock { $0.server = server } }

    /// From now on nothing comes through, and no connection is closed.
    func freeze() { state.withLock { $0.isFrozen = true } }

    /// Closes the connections that there are.
    func cut() {
        let channels = state.withLock { state in
            defer { state.channels = [] }
            return state.channels
        }
        for channel in channels { channel.close(promise: nil) }
    }

    func running<Result: Sendable>(_ body: @escaping @Sendable (ServerAddress) async throws -> Result) async throws
        -> Result
    {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture { try Bytes(wrappingChannelSynchronously: channel) }
            }
        let port = listener.channel.localAddress?.port ?? 0
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await listener.executeThenClose { newcomers in
                    try await withThrowingDiscardingTaskGroup { connections in
                        for try await newcomer in newcomers {
                            connections.addTask { try? await self.forward(newcomer) }
                        }
                    }
                }
            }
            defer { group.cancelAll() }
            let result = try await body(ServerAddress(host: "127.0.0.1", port: port))
            group.cancelAll()
            return result
        }
    }

    private func forward(_ near: Bytes) async throws {
        let server = state.withLock { $0.server }
        try await near.executeThenClose { fromNear, toNear in
            let far = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: server.host, port: server.port) { channel in
                    channel.eventLoop.makeCompletedFuture { try Bytes(wrappingChannelSynchronously: channel) }
                }
            state.withLock { $0.channels += [near.channel, far.channel] }
            try await far.executeThenClose { fromFar, toFar in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await self.pump(fromNear, toFar) }
                    group.addTask { try await self.pump(fromFar, toNear) }
                    try await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    private func pump(
        _ source: NIOAsyncChannelInboundStream<ByteBuffer>, _ sink: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        for try await bytes in source where !state.withLock({ $0.isFrozen }) { try await sink.write(bytes) }
    }
}
