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
    private static let farewell = TimeAmount.milliseconds(500)

    typealias Lines = AsyncThrowingStream<[String], any Error>

    private struct State {
        var tails: [UInt64: Lines.Continuation] = [:]
        var lastRequest: UInt64 = 0
        /// Messages that the network has not taken yet.
        var unwritten = 0
        var isClosing = false
        var isOver = false
    }

    let host: HostName
    let protocolVersion: Int
    private let channel: any Channel
    private let over = Signal()
    private let state = Mutex(State())

    /// - Parameter channel: one that takes frames.
    init(host: HostName, protocolVersion: Int, channel: any Channel) {
        self.host = host
        self.protocolVersion = protocolVersion
        self.channel = channel
    }

    /// Sends the message behind those that were sent before. It is made into bytes on the
    /// connection's own thread: who sends may hold a lock.
    func send(_ message: ServerMessage) {
        let isTaken: Bool? = state.withLock { state in
            guard !state.isClosing else { return nil }
            guard state.unwritten < Self.messagesMax else { return false }
            state.unwritten += 1
            return true
        }
        guard let isTaken else { return }
        guard isTaken else { return close() }
        channel.eventLoop.execute { [self] in
            guard let frame = try? Frame(message) else { return close() }
            channel.writeAndFlush(frame).whenComplete { [self] _ in state.withLock { $0.unwritten -= 1 } }
        }
    }

    /// Ends the connection, after what was sent before. A peer that is gone takes nothing, and a
    /// newer connection may be waiting for the end: the last messages have little time.
    func close(_ problem: Problem? = nil) {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        channel.eventLoop.execute { [channel] in
            guard let frame = try? problem.map({ try Frame(.refused($0)) }) else {
                return FrameChannel.endReading(channel)
            }
            let lateness = channel.eventLoop.scheduleTask(in: Self.farewell) { FrameChannel.endReading(channel) }
            channel.writeAndFlush(frame).whenComplete { _ in
                lateness.cancel()
                FrameChannel.endReading(channel)
            }
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
