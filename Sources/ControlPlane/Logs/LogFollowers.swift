import Logs
import Synchronization

/// Those who watch lines arrive.
///
/// Nobody who is slow holds up those who send: what a follower has not taken when its buffer is full is
/// left out for it, and counted.
final class LogFollowers: Sendable {
    /// Lines that wait for one follower.
    private static let waitingMax = 2000

    private struct Follower {
        var tail: LogTail
        /// False if it was not taken.
        var give: @Sendable (LogArrival) -> Bool
        var missed = 0
    }

    private struct State {
        var next = 0
        var followers: [Int: Follower] = [:]
    }

    private let state = Mutex(State())

    func follow<Item: Sendable>(
        _ filter: LogFilter, _ item: @escaping @Sendable (LogArrival) -> Item
    ) -> AsyncStream<Item> {
        let (stream, output) = AsyncStream.makeStream(
            of: Item.self, bufferingPolicy: .bufferingOldest(Self.waitingMax))
        let number = state.withLock { state in
            state.next += 1
            state.followers[state.next] = Follower(tail: LogTail(filter)) { arrival in
                if case .enqueued = output.yield(item(arrival)) { true } else { false }
            }
            return state.next
        }
        output.onTermination = { [weak self] _ in self?.leave(number) }
        return stream
    }

    var isEmpty: Bool { state.withLock { $0.followers.isEmpty } }

    /// Gives each follower what it asked for.
    func tell(_ batch: LogBatch) {
        state.withLock { state in
            for (number, follower) in state.followers {
                var follower = follower
                for line in follower.tail.lines(of: batch) {
                    if follower.missed > 0, follower.give(.missed(follower.missed)) { follower.missed = 0 }
                    if follower.missed > 0 || !follower.give(.line(line)) { follower.missed += 1 }
                }
                state.followers[number] = follower
            }
        }
    }

    private func leave(_ number: Int) { state.withLock { _ = $0.followers.removeValue(forKey: number) } }
}
