import AsyncHTTPClient
package import Core
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// The events of a stream of the server, as they come. A connection that breaks is opened again
/// behind the last event, so that none is lost or comes twice; the stream ends when the server
/// says that it has ended.
package struct EventStream<Event: StreamEvent>: AsyncSequence, Sendable {
    package typealias Element = Event
    package typealias Failure = Problem

    let client: APIClient
    let route: Route
    let path: [String]
    /// What the query is when `Last-Event-ID` is nil, and when it is not.
    let query: @Sendable (_ last: String?) -> [(String, String?)]
    /// How often in a row it is tried to open a broken connection again, half a second apart, then
    /// longer: 20 times are about a minute and a half.
    var attemptsMax = 20

    package func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    package struct Iterator: AsyncIteratorProtocol {
        package typealias Failure = Problem

        private let stream: EventStream
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var parser = ServerSentEventParser()
        private var pending: [ServerSentEvent] = []
        private var last: String?
        private var failures = 0
        private var hasConnected = false
        private var hasEnded = false

        init(stream: EventStream) { self.stream = stream }

        package mutating func next() async throws(Problem) -> Event? {
            while !hasEnded {
                if let event = try takePending() { return event }
                if hasEnded { return nil }
                if body == nil { try await connect() }
                await read()
            }
            return nil
        }

        private mutating func takePending() throws(Problem) -> Event? {
            while !pending.isEmpty {
                let event = pending.removeFirst()
                if event.name == ServerSentEvent.endName {
                    hasEnded = true
                    return nil
                }
                let decoded: Event
                do {
                    decoded = try JSONDecoder().decode(Event.self, from: Data(event.data.utf8))
                } catch {
                    // A newer server may know kinds of events that this client doesn't.
                    continue
                }
                last = event.id ?? last
                failures = 0
                if decoded.isLast { hasEnded = true }
                return decoded
            }
            return nil
        }

        private mutating func connect() async throws(Problem) {
            while true {
                do {
                    try await connectOnce()
                    hasConnected = true
                    return
                } catch {
                    guard hasConnected, error.code == "server.unreachable", failures < stream.attemptsMax else {
                        throw error
                    }
                    failures += 1
                    do { try await Task.sleep(for: .milliseconds(Swift.min(500 * failures, 5000))) } catch {
                        throw Problem(
                            "request.cancelled", "The stream was given up.", cause: "Its task was cancelled.",
                            remedy: "Follow it again.")
                    }
                }
            }
        }

        private mutating func connectOnce() async throws(Problem) {
            var request = stream.client.request(stream.route, stream.path, stream.query(last))
            request.headers.replaceOrAdd(name: "accept", value: "text/event-stream")
            if let last { request.headers.add(name: "last-event-id", value: last) }
            let response: HTTPClientResponse
            do {
                response = try await stream.client.http.execute(request, deadline: .distantFuture)
            } catch {
                throw APIClient.unreachable(stream.client.address, error)
            }
            guard response.status == .ok else {
                let answer = try? await response.body.collect(upTo: 1 << 20)
                throw APIClient.refusal(response.status.code, answer ?? ByteBuffer())
            }
            body = response.body.makeAsyncIterator()
            parser = ServerSentEventParser()
        }

        private mutating func read() async {
            // Whatever ends the body, an error or the server going away, the answer is to connect
            // again: the end of the stream itself is an event.
            guard var reader = body else { return }
            if let bytes = try? await reader.next(), let events = parser.receive(bytes.readableBytesView) {
                body = reader
                pending = events
            } else {
                body = nil
            }
            if Task.isCancelled { hasEnded = true }
        }
    }
}
