import Core
import Synchronization

/// How many streams may be open at once: each holds a connection and a reader of the control
/// plane.
final class StreamLimit: Sendable {
    private let openMax: Int
    private let open = Mutex(0)

    init(openMax: Int = 500) { self.openMax = openMax }

    var count: Int { open.withLock { $0 } }

    /// - Throws: `server.busy`.
    func take() throws(Problem) -> Place {
        let isTaken = open.withLock { count in
            guard count < openMax else { return false }
            count += 1
            return true
        }
        guard isTaken else {
            throw Problem(
                "server.busy", "The stream was not opened.", cause: "\(openMax) streams are open.",
                remedy: "Close some, and try again.")
        }
        return Place(limit: self)
    }

    /// A stream's place, given back when the stream ends or was never begun.
    final class Place: Sendable {
        private let limit: StreamLimit
        private let isGiven = Mutex(false)

        fileprivate init(limit: StreamLimit) { self.limit = limit }
        deinit { giveBack() }

        func giveBack() {
            let isFirst = isGiven.withLock { given in
                defer { given = true }
                return !given
            }
            if isFirst { limit.open.withLock { $0 -= 1 } }
        }
    }
}
