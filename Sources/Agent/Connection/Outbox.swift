import Core
import Synchronization
import Wire

/// What is to be told to the server, and wakes who tells it. What is lost with a connection
/// (which outcomes were sent on it) is forgotten with it; what is not (that a report is due) stays.
final class Outbox: Sendable {
    struct Line: Sendable {
        var command: CommandID
        var text: String
    }

    /// Output that waits for a connection. It is for people who watch; what matters of a command
    /// is its outcome.
    private static let linesMax = 2000
    private static let lineBytesMax = 16 << 10

    private struct State {
        var reportIsDue = true
        var trafficIsDue = true
        var lines: [Line] = []
        var sentOutcomes: Set<CommandID> = []
        var wake: AsyncStream<Void>.Continuation?
    }

    private let state = Mutex(State())

    var isConnected: Bool { state.withLock { $0.wake != nil } }

    /// A new connection: everything is said anew.
    /// - Returns: a stream that has an element whenever there may be something to say.
    func connect() -> AsyncStream<Void> {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { state in
            state.reportIsDue = true
            state.trafficIsDue = true
            state.sentOutcomes = []
            state.wake = wake
        }
        wake.yield()
        return wakes
    }

    func disconnect() { state.withLock { $0.wake = nil } }

    func wake() { _ = state.withLock { $0.wake?.yield() } }

    func reportIsDue() { change { $0.reportIsDue = true } }

    func trafficIsDue() { change { $0.trafficIsDue = true } }

    /// The outcome is to be said, also if it was said before.
    func outcomeIsDue(_ command: CommandID) {
        change { state in
            state.sentOutcomes.remove(command)
            state.reportIsDue = true
        }
    }

    /// The server has the outcome.
    func forget(_ command: CommandID) { _ = state.withLock { $0.sentOutcomes.remove(command) } }

    func add(_ text: String, of command: CommandID) {
        let isLong = text.utf8.count > Self.lineBytesMax
        let text = isLong ? String(decoding: text.utf8.prefix(Self.lineBytesMax), as: UTF8.self) + "…" : text
        change { state in
            if state.lines.count >= Self.linesMax { state.lines.removeFirst(Self.linesMax / 4) }
            state.lines.append(Line(command: command, text: text))
        }
    }

    func takeLines() -> [Line] {
        state.withLock { state in
            defer { state.lines = [] }
            return state.lines
        }
    }

    func takeReport() -> Bool {
        state.withLock { state in
            defer { state.reportIsDue = false }
            return state.reportIsDue
        }
    }

    func takeTraffic() -> Bool {
        state.withLock { state in
            defer { state.trafficIsDue = false }
            return state.trafficIsDue
        }
    }

    /// - Returns: those of the outcomes that were not said on this connection; they count as said.
    func takeUnsent(_ outcomes: [CommandOutcome]) -> [CommandOutcome] {
        state.withLock { state in outcomes.filter { state.sentOutcomes.insert($0.command).inserted } }
    }

    private func change(_ body: (inout State) -> Void) {
        state.withLock { state in
            body(&state)
            state.wake?.yield()
        }
    }
}
