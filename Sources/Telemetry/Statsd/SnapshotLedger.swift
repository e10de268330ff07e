/// What the server has of which agent, so that nothing is counted twice.
struct SnapshotLedger {
    /// How many intervals an agent's snapshot may come after its newest one.
    static let intervalsMax: UInt64 = 64
    /// Agents beyond are refused until others have been silent.
    static let agentsMax = 100_000

    enum Verdict: Hashable, Sendable { case new, duplicate, late, tooManyAgents }

    private struct Seen {
        var newest: UInt64
        /// Bit n: the interval n before the newest one was taken.
        var taken: UInt64
        var flush: Int
    }

    private var agents: [String: Seen] = [:]
    private var flush = 0

    /// Judges a snapshot, and remembers it if it is new.
    mutating func admit(_ agent: String, interval: UInt64) -> Verdict {
        guard var seen = agents[agent] else {
            guard agents.count < Self.agentsMax else { return .tooManyAgents }
            agents[agent] = Seen(newest: interval, taken: 1, flush: flush)
            return .new
        }
        if interval > seen.newest {
            let ahead = interval - seen.newest
            seen.taken = ahead < 64 ? seen.taken << ahead | 1 : 1
            seen.newest = interval
        } else {
            let behind = seen.newest - interval
            guard behind < Self.intervalsMax else { return .late }
            guard seen.taken & 1 << behind == 0 else { return .duplicate }
            seen.taken |= 1 << behind
        }
        seen.flush = flush
        agents[agent] = seen
        return .new
    }

    /// An interval of the server has ended. Agents that were silent for a day of ten seconds are forgotten.
    mutating func endInterval() {
        flush += 1
        guard flush.isMultiple(of: 1024) else { return }
        let oldest = flush - 8640
        agents = agents.filter { $0.value.flush >= oldest }
    }
}
