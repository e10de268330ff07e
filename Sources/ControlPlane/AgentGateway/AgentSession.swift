import Core
import NIOCore
import Synchronization
import Wire

/// One authenticated connection of a host: what others may do with it while its task serves it.
final class AgentSession: Sendable {
    /// Messages that may wait for a slow agent. More, and the connection is given up: commands
    /// are sent again on the next one.
    private static let messagesMax = 2 * CommandQueues.commandsMax
    /// Batches of lines that may wait for a slow reader of an output.
    private static let batchesMax = 256
    private static let farewell = Duration.milliseconds(500)

    typealias Lines = AsyncThrowingStream<[String], any Error>

    private struct State {
        var tails: [UInt64: Lines.Continuation] = [:]
        var lastRequest: UInt64 = 0
        var isOver = false
    }

    let host: HostName
    private let messages: AsyncStream<ServerMessage>
    private let outgoing: AsyncStream<ServerMessage>.Continuation
    private let closing = Signal()
    private let over = Signal()
    private let state = Mutex(State())

    init(host: HostName) {
        self.host = host
        (messages, outgoing) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.messagesMax))
    }

    func send(_ message: ServerMessage) {
        if case .dropped = outgoing.yield(message) { close() }
    }

    /// Ends the connection, after what was sent before.
    func close(_ problem: Problem? = nil) {
        if let problem { send(.refused(problem)) }
        outgoing.finish()
        closing.give()
    }

    /// Sends what is given to the session, until it is closed. A peer that is gone takes nothing,
    /// and a newer connection may be waiting for the end: the last messages have little time.
    func writeMessages(on writer: FrameWriter) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [messages] in
                for await message in messages { try await writer.send(message) }
            }
            group.addTask { [closing] in
                await closing.wait()
                try await Task.sleep(for: Self.farewell)
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Called when nothing more is observed of this connection.
    func end() {
        let tails = state.withLock { state in
            state.isOver = true
            defer { state.tails = [:] }
            return state.tails.values.map(\.self)
        }
        for tail in tails { tail.finish(throwing: Self.gone(host)) }
        over.give()
    }

    func waitForEnd() async { await over.wait() }

    func tail(_ instance: InstanceID, lines: Int, follow: Bool) throws(Problem) -> Lines {
        let (stream, continuation) = Lines.makeStream(bufferingPolicy: .bufferingOldest(Self.batchesMax))
        let request: UInt64? = state.withLock { state in
            guard !state.isOver else { return nil }
            state.lastRequest += 1
            state.tails[state.lastRequest] = continuation
            return state.lastRequest
        }
        guard let request else { throw Self.gone(host) }
        continuation.onTermination = { [weak self] reason in
            guard case .cancelled = reason else { return }
            self?.cancelTail(request)
        }
        send(.tail(request: request, instance: instance, lines: lines, follow: follow))
        return stream
    }

    func received(lines: [String], of request: UInt64, isEnd: Bool) {
        guard let tail = state.withLock({ $0.tails[request] }) else { return }
        if case .dropped = tail.yield(lines) {
            cancelTail(request)
            tail.finish(
                throwing: Problem(
                    "logs.reader-slow", "The output was cut off.", cause: "Its lines came faster than they were read.",
                    remedy: "Ask again, for fewer lines."))
        } else if isEnd {
            state.withLock { $0.tails[request] = nil }
            tail.finish()
        }
    }

    private func cancelTail(_ request: UInt64) {
        let wasThere = state.withLock { $0.tails.removeValue(forKey: request) != nil }
        if wasThere { send(.tailCancelled(request: request)) }
    }

    static func gone(_ host: HostName) -> Problem {
        Problem(
            "agent.not-connected", "The host \(host) cannot be reached.", cause: "Its agent is not connected.",
            remedy: "Look at `apus hosts`; the agent connects again by itself when it can.")
    }
}
