package import Core
import Synchronization

/// Agents that said what no agent of ours says, or showed a certificate that is not good: what a
/// person should know of, since a host may be in other hands.
package struct AgentRefusal: Hashable, Sendable {
    /// As its certificate says; nil: it showed none.
    package var host: HostName?
    package var peer: String
    package var problem: Problem
    package var at: Instant
    /// How often in a row.
    package var count: Int
}

/// The last refusals, one for each speaker: a host that comes back each second is one line.
final class AgentRefusals: Sendable {
    private static let kept = 100

    private let refusals = Mutex<[AgentRefusal]>([])

    /// - Parameter peer: the address without its port, which is another each time.
    func note(_ problem: Problem, host: HostName?, peer: String, at now: Instant) {
        refusals.withLock { refusals in
            var refusal = AgentRefusal(host: host, peer: peer, problem: problem, at: now, count: 1)
            if let index = refusals.firstIndex(where: { $0.host == host && (host != nil || $0.peer == peer) }) {
                refusal.count = refusals.remove(at: index).count + 1
            }
            refusals.append(refusal)
            if refusals.count > Self.kept { refusals.removeFirst() }
        }
    }

    /// The oldest first.
    func since(_ instant: Instant) -> [AgentRefusal] { refusals.withLock { $0.filter { $0.at >= instant } } }
}
