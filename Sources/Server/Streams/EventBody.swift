import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Wire

extension Response {
    /// A stream of Server-Sent Events.
    ///
    /// The next event is asked for only when the one before has been written, so that a slow
    /// reader holds back its own stream and nothing else. A comment every ten seconds keeps
    /// connections open and finds out about readers that have gone. When the events end, the
    /// reader is told so; when the server shuts down, it isn't, and connects again.
    static func events<Event: StreamEvent>(_ events: AsyncStream<Event>, limit: StreamLimit) throws -> Response {
        let place = try limit.take()
        let body = ResponseBody { writer in
            defer { place.giveBack() }
            try await EventBody.write(events, to: &writer)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store", .accelBuffering: "no",
            ],
            body: body)
    }
}

private enum EventBody {
    static let heartbeat = Duration.seconds(10)

    enum Item: Sendable {
        case event(ServerSentEvent)
        case heartbeat
    }

    static func write<Event: StreamEvent>(_ events: AsyncStream<Event>, to writer: inout any ResponseBodyWriter)
        async throws
    {
        let (items, output) = AsyncStream.makeStream(of: Item.self)
        let (turns, turn) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await pump(events, output, turns)
                output.finish()
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: heartbeat)
                    output.yield(.heartbeat)
                }
            }
            defer { group.cancelAll() }
            // Sent at once, so that the reader sees the stream open.
            try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
            for await item in items {
                switch item {
                case .event(let event):
                    try await writer.write(ByteBuffer(string: event.encoded))
                    turn.yield()
                case .heartbeat: try await writer.write(ByteBuffer(string: ":\n\n"))
                }
            }
        }
    }

    /// Passes events on, each when it is its turn.
    private static func pump<Event: StreamEvent>(
        _ events: AsyncStream<Event>, _ output: AsyncStream<Item>.Continuation, _ turns: AsyncStream<Void>
    ) async {
        var turns = turns.makeAsyncIterator()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for await event in events.cancelOnGracefulShutdown() {
            guard let data = try? encoder.encode(event) else { continue }
            let text = String(decoding: data, as: UTF8.self)
            output.yield(.event(ServerSentEvent(id: String(event.sequence), name: event.eventName, data: text)))
            guard await turns.next() != nil else { return }
        }
        if !Task.isShuttingDownGracefully && !Task.isCancelled {
            output.yield(.event(ServerSentEvent(name: ServerSentEvent.endName, data: "{}")))
        }
    }
}
