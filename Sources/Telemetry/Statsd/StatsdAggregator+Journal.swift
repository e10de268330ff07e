/// The journal of an aggregator, and how its sink is made safe.
struct StatsdJournaling {
    let journal: SnapshotJournal
    /// Returns when everything that the sink has taken outlasts a loss of power.
    let makeSafe: @Sendable () throws(TelemetryProblem) -> Void
    /// Whether it says what is no longer so, or could not be written.
    var isStale = false
    /// Whether an interval was begun that has not ended.
    var isOpen = false
}

extension StatsdAggregator {
    /// What the journal knows the statsd itself by; no host is called so.
    private static let ownName = "-"

    /// Takes what a journal has, and writes the intervals that may not be in the sink.
    func restore(_ contents: SnapshotJournal.Contents, _ journaling: StatsdJournaling) {
        journal = journaling
        ledger = contents.ledger
        for (name, value) in contents.gauges { restoreGauge(name, value) }
        for interval in contents.intervals {
            for snapshot in interval.snapshots { add(snapshot) }
            write(pending, at: interval.time)
            pending.clear()
            hasPending = false
        }
        for snapshot in contents.snapshots where !snapshot.isEmpty { add(snapshot) }
        journal?.isStale = true
    }

    /// Takes in what an agent sent; its values are written at the next flush. False if it has been taken
    /// before: the agent may forget it.
    package func merge(_ snapshot: StatsdSnapshot) throws(TelemetryProblem) -> Bool {
        try merge(snapshot, encoded: snapshot.encoded()).isNew
    }

    /// Takes in what an agent sent.
    /// - Returns: up to where the journal has to be safe before the agent may forget it.
    func merge(
        _ snapshot: StatsdSnapshot, encoded: [UInt8]
    ) throws(TelemetryProblem) -> (isNew: Bool, position: SnapshotJournal.Position) {
        switch ledger.verdict(snapshot.agent, interval: snapshot.interval) {
        case .duplicate: return (false, journal?.journal.end ?? 0)
        case .new:
            let position = try journal?.journal.keep(encoded) ?? 0
            _ = ledger.admit(snapshot.agent, interval: snapshot.interval)
            add(snapshot)
            return (true, position)
        case .late:
            throw TelemetryProblem(
                "statsd.snapshot-late", "What statsd counted on `\(snapshot.agent)` was not taken.",
                cause:
                    "Its interval \(snapshot.interval) is more than \(SnapshotLedger.intervalsMax) behind the newest.",
                remedy: "Nothing can be done for these values. Look at why the agent was away for so long.")
        case .tooManyAgents:
            throw TelemetryProblem(
                "statsd.agents-too-many", "What statsd counted on `\(snapshot.agent)` was not taken.",
                cause: "\(SnapshotLedger.agentsMax) other agents are known.",
                remedy: "Send from fewer agents to one server.")
        }
    }

    /// Keeps what the statsd itself has counted for the next interval, instead of writing it: one that ends
    /// before its time would be written over by the statsd that begins next. False if that cannot be.
    func keep(_ tally: StatsdTally) -> Bool {
        guard let journal else { return false }
        do throws(TelemetryProblem) {
            let own = StatsdSnapshot(tally, agent: Self.ownName, interval: 0)
            try journal.journal.sync(through: try journal.journal.keep(own.encoded(), isOwn: true))
            return true
        } catch {
            return false
        }
    }

    private func add(_ snapshot: StatsdSnapshot) {
        if !hasPending {
            // Times of gauges are counted from here: an hour back is enough for clocks that differ.
            pending.start = max(0, snapshot.latestChange - 3_600_000)
            hasPending = true
        }
        let sender = snapshot.agent == Self.ownName ? 0 : senders.place(of: snapshot.agent, in: &registry)
        pending.merge(snapshot) { name, kind in
            sender == 0 || senders.admit(name, kind, of: sender, in: registry, max: limits.keysOfAgentMax)
        }
    }

    /// Says in the journal what the interval consists of. False if it cannot: then what agents sent waits,
    /// because after a crash nobody would know whether it was written.
    func isBegun(_ tally: StatsdTally, at time: Int64) -> Bool {
        guard let journal else { return true }
        let own = StatsdSnapshot(tally, agent: Self.ownName, interval: 0)
        do throws(TelemetryProblem) {
            // A disk that has failed is asked again with a new file.
            if journal.isStale, hasWrittenAll { try checkpoint() }
            try journal.journal.begin(time, own: own)
            self.journal?.isOpen = true
            return true
        } catch {
            self.journal?.isStale = true
            fail(error)
            return false
        }
    }

    /// Says in the journal that the interval is in the sink, when that is safe there.
    func finish(_ time: Int64) {
        guard let journal, hasWrittenAll else { return }
        do throws(TelemetryProblem) {
            if journal.isStale || journal.journal.isLarge {
                try checkpoint()
            } else if journal.isOpen || !gaugeNews.isEmpty {
                if journal.isOpen { try journal.makeSafe() }
                try journal.journal.end(time, gauges: gaugeNews)
                self.journal?.isOpen = false
            }
        } catch {
            self.journal?.isStale = true
            fail(error)
        }
    }

    /// Begins the journal anew. All that was begun is in the sink.
    private func checkpoint() throws(TelemetryProblem) {
        guard let journal else { return }
        try journal.makeSafe()
        let waiting = StatsdSnapshot(pending, agent: Self.ownName, interval: 0)
        try journal.journal.checkpoint(ledger, gauges: registry.gauges, pending: waiting)
        self.journal?.isStale = false
        self.journal?.isOpen = false
    }
}
