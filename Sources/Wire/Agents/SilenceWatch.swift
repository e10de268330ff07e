package import Core
import Synchronization

/// Notices that a peer has been silent for too long.
///
/// Only the time in which somebody waits for the peer counts: a reader that is busy with the last
/// message, or held back by what comes after it, must not take its own slowness for the peer's.
package final class SilenceWatch: Sendable {
    private let silenceMax: Duration
    private let waitingSince: Mutex<ContinuousClock.Instant?>

    package init(silenceMax: Interval) {
        self.silenceMax = .milliseconds(silenceMax.milliseconds)
        waitingSince = Mutex(.now)
    }

    /// The peer has said something whole, and it is being worked on.
    package func heard() { waitingSince.withLock { $0 = nil } }

    /// The next thing is waited for.
    package func waits() { waitingSince.withLock { $0 = .now } }

    /// How long the peer has been waited for; nil while nobody waits.
    package func silence(at now: ContinuousClock.Instant) -> Duration? {
        waitingSince.withLock { $0 }.map { $0.duration(to: now) }
    }

    /// - Throws: `agent.silent` when the peer has been waited for longer than allowed, or a
    ///   `CancellationError`.
    package func run() async throws {
        while true {
            let since = waitingSince.withLock { $0 }
            if let since, since.duration(to: .now) >= silenceMax {
                throw Problem(
                    "agent.silent", "The connection was given up.",
                    cause: "Nothing was heard from the other side for \(silenceMax).",
                    remedy: "Check the network between host and server; the agent connects again by itself.")
            }
            try await Task.sleep(until: (since ?? .now) + silenceMax)
        }
    }
}
