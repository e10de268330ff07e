package import Core

/// When an agent connects again. A value: its shell tells it what happened, and does what it says.
///
/// Waits double from 100 ms to 5 s, with half of each drawn by lot, so that a thousand agents do
/// not come back to a restarted server at the same instant. Only a connection that lasted makes
/// the next wait short again: a server that takes connections and drops them is not hammered.
package struct Reconnection: Sendable {
    package enum Event: Sendable {
        case started
        /// The server said welcome.
        case connected
        /// The connection, or the attempt at one, is over.
        case ended
        /// The server does not want this agent now.
        case refused
        case waited
    }

    package enum Action: Hashable, Sendable {
        case connect
        case wait(Interval)
    }

    package static let waitMin = Interval(milliseconds: 100)
    package static let waitMax = Interval.seconds(5)
    /// A connection that lasted as long proves that all is well.
    package static let lasting = Interval.seconds(5)

    private var failures = 0
    private var connectedAt: Instant?

    package init() {}

    /// - Parameter lot: from 0 to 1, drawn anew for each event.
    /// - Returns: what to do next; nil: nothing, the connection goes on.
    package mutating func receive(_ event: Event, at now: Instant, lot: Double) -> Action? {
        switch event {
        case .started, .waited:
            return .connect
        case .connected:
            connectedAt = now
            return nil
        case .ended:
            if let connectedAt, now - connectedAt >= Self.lasting { failures = 0 }
            connectedAt = nil
            failures += 1
            return .wait(wait(afterFailures: failures, lot: lot))
        case .refused:
            connectedAt = nil
            failures = max(failures, 16)
            return .wait(wait(afterFailures: failures, lot: lot))
        }
    }

    private func wait(afterFailures failures: Int, lot: Double) -> Interval {
        let doubled = Self.waitMin.milliseconds << Int64(min(failures - 1, 16))
        let ceiling = min(doubled, Self.waitMax.milliseconds)
        return Interval(milliseconds: ceiling / 2 + Int64(Double(ceiling - ceiling / 2) * min(max(lot, 0), 1)))
    }
}
