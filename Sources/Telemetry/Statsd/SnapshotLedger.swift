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

    init() {}

    /// Judges a snapshot.
    func verdict(_ agent: String, interval: UInt64) -> Verdict {
        guard let seen = agents[agent] else { return agents.count < Self.agentsMax ? .new : .tooManyAgents }
        if interval > seen.newest { return .new }
        let behind = seen.newest - interval
        if behind >= Self.intervalsMax { return .late }
        return seen.taken & 1 << behind == 0 ? .new : .duplicate
    }

    /// Judges a snapshot, and remembers it if it is new.
    mutating func admit(_ agent: String, interval: UInt64) -> Verdict {
        let verdict = verdict(agent, interval: interval)
        guard verdict == .new else { return verdict }
        var seen = agents[agent] ?? Seen(newest: interval, taken: 0, flush: flush)
        if interval > seen.newest {
            let ahead = interval - seen.newest
            seen.taken = ahead < 64 ? seen.taken << ahead : 0
            seen.newest = interval
        }
        seen.taken |= 1 << (seen.newest - interval)
        seen.flush = flush
        agents[agent] = seen
        return .new
    }

    /// Writes what is known, as a journal keeps it.
    func append(to bytes: inout [UInt8]) {
        bytes.append(varint: agents.count)
        for (agent, seen) in agents {
            bytes.append(text: agent)
            bytes.append(varint: seen.newest)
            bytes.append(fixed: seen.taken)
        }
    }

    /// Reads what `append` has written; nil if it did not.
    init?(_ reader: inout ByteReader) {
        guard let count = reader.count(limit: Self.agentsMax) else { return nil }
        for _ in 0..<count {
            guard let agent = reader.text(limit: StatsdSnapshot.agentBytesMax), let newest = reader.varint(),
                let taken = reader.fixed(UInt64.self)
            else { return nil }
            agents[agent] = Seen(newest: newest, taken: taken, flush: 0)
        }
    }

    /// An interval of the server has ended. Agents that were silent for a day of ten seconds are forgotten.
    mutating func endInterval() {
        flush += 1
        guard flush.isMultiple(of: 1024) else { return }
        let oldest = flush - 8640
        agents = agents.filter { $0.value.flush >= oldest }
    }
}
