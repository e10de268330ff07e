/// What an agent aggregated in one interval: what it sends to its server, which adds it to its own, so that
/// the result is as if all clients had sent to one statsd.
///
/// Agent and interval name it, so that one that comes twice is counted once.
package struct StatsdSnapshot: Hashable, Sendable {
    package struct Series: Hashable, Sendable {
        /// Canonical: `path;key=value`.
        package var name: [UInt8]
        package var value: Value
    }

    package enum Value: Hashable, Sendable {
        /// The sum.
        case counter(Double)
        /// What it was set to (`isSet`) or changed by, and when last, in milliseconds since 1970.
        case gauge(Double, isSet: Bool, time: Int64)
        /// The number of measurements, and those that came, in order.
        case timer(weight: Double, values: [Double])
        case histogram(weight: Double, totals: Totals, buckets: [Bucket])
        /// Hashes of members, in order. See `TallyStorage.memberHash`.
        case set([UInt64])
        /// A counter's or gauge's value with a time of its own, in seconds since 1970.
        case timed(StatsdKind, Double, time: Int64)
    }

    package struct Totals: Hashable, Sendable {
        package var count: Double
        package var lower: Double
        package var upper: Double
        package var sum: Double
        package var sumOfSquares: Double
    }

    package struct Bucket: Hashable, Sendable {
        package var bucket: UInt32
        package var times: UInt64
    }

    /// Who sends it.
    package var agent: String
    /// Which interval it is: a number that grows with every interval of this agent, over restarts too.
    package var interval: UInt64
    package var counts: StatsdCounts
    package var series: [Series]

    /// The longest name of an agent, in bytes.
    package static let agentBytesMax = 255

    package init(agent: String, interval: UInt64, counts: StatsdCounts = StatsdCounts(), series: [Series] = []) {
        self.agent = agent
        self.interval = interval
        self.counts = counts
        self.series = series
    }

    /// What a tally holds. Events, checks and bad lines are not part of it.
    package init(_ tally: StatsdTally, agent: String, interval: UInt64) {
        self.init(agent: agent, interval: interval, counts: tally.counts)
        let storage = tally.storage
        for number in 0..<storage.pointee.table.count {
            let entry = storage.pointee.table.entries + number
            guard entry.pointee.state.updates > 0, let value = Self.value(tally, entry) else { continue }
            series.append(Series(name: Array(storage.pointee.table.key(number)), value: value))
        }
        for timed in storage.pointee.timed {
            let name = Array(storage.pointee.table.key(timed.number))
            let kind = storage.pointee.table.kind(timed.number)
            series.append(Series(name: name, value: .timed(kind, timed.value, time: timed.time)))
        }
    }

    private static func value(_ tally: StatsdTally, _ entry: TallyEntry) -> Value? {
        let state = entry.pointee.state
        switch tally.storage.pointee.table.kind(Int(entry.pointee.canonical)) {
        case .counter: return .counter(state.sum)
        case .gauge: return .gauge(state.sum, isSet: state.isSet, time: tally.start + Int64(state.milliseconds))
        case .set:
            var members: [UInt64] = []
            if let head = state.head { HashSet64(head).forEach { members.append($0) } }
            return .set(members.sorted())
        case .timer where state.isHistogram:
            guard let head = state.head else { return nil }
            let totals = tally.storage.pointee.totals(entry)
            let buckets = LogHistogram(head).buckets.map { Bucket(bucket: $0.bucket, times: $0.times) }
            return .histogram(
                weight: state.sum,
                totals: Totals(
                    count: totals.count, lower: totals.lower, upper: totals.upper, sum: totals.sum,
                    sumOfSquares: totals.sumOfSquares), buckets: buckets)
        case .timer:
            var values: [Double] = []
            TallyStorage.forEachChunk(entry) { values += $0 }
            return .timer(weight: state.sum, values: values.sorted())
        }
    }
}

extension StatsdTally {
    /// Adds what an agent sent.
    func merge(_ snapshot: StatsdSnapshot) {
        storage.pointee.counts += snapshot.counts
        for series in snapshot.series {
            guard let entry = entry(series.name, series.value.kind) else { continue }
            switch series.value {
            case .counter(let sum): entry.pointee.state.sum += sum
            case .gauge(let value, let isSet, let time): mergeGauge(value, isSet: isSet, at: time, into: entry)
            case .timer(let weight, let values):
                entry.pointee.state.sum += weight
                if entry.pointee.state.isHistogram {
                    for value in values { storage.pointee.addSlowly(value, to: entry) }
                } else {
                    values.withUnsafeBufferPointer { mergeValues($0, into: entry) }
                }
                countUpdates(entry, UInt32(clamping: values.count))
                continue
            case .histogram(let weight, let totals, let buckets):
                entry.pointee.state.sum += weight
                mergeHistogram(TimerTotals(totals), buckets.map { ($0.bucket, $0.times) }, into: entry)
            case .set(let members): for member in members { storage.pointee.addMember(member, to: entry) }
            case .timed(_, let value, let time):
                guard storage.pointee.timed.count < storage.pointee.limits.timedMax else {
                    storage.pointee.counts.valuesLost &+= 1
                    continue
                }
                let number = Int(entry.pointee.canonical)
                storage.pointee.timed.append(TimedValue(number: number, time: time, value: value))
                continue
            }
            countUpdates(entry, 1)
        }
    }
}

extension StatsdSnapshot {
    /// When the last gauge was set or changed, in milliseconds since 1970.
    fileprivate var latestChange: Int64 {
        series.reduce(0) { latest, one in
            guard case .gauge(_, _, let time) = one.value else { return latest }
            return max(latest, time)
        }
    }
}

extension StatsdSnapshot.Value {
    package var kind: StatsdKind {
        switch self {
        case .counter: .counter
        case .gauge: .gauge
        case .timer, .histogram: .timer
        case .set: .set
        case .timed(let kind, _, _): kind
        }
    }
}

extension TimerTotals {
    fileprivate init(_ totals: StatsdSnapshot.Totals) {
        count = totals.count
        lower = totals.lower
        upper = totals.upper
        sum = totals.sum
        sumOfSquares = totals.sumOfSquares
    }
}

extension StatsdAggregator {
    /// Takes in what an agent sent; its values are written at the next flush. False if it has been taken
    /// before: the agent may forget it.
    package func merge(_ snapshot: StatsdSnapshot) throws(TelemetryProblem) -> Bool {
        switch ledger.admit(snapshot.agent, interval: snapshot.interval) {
        case .duplicate: return false
        case .new:
            if !hasPending {
                // Times of gauges are counted from here: an hour back is enough for clocks that differ.
                pending.start = max(0, snapshot.latestChange - 3_600_000)
                hasPending = true
            }
            pending.merge(snapshot)
            return true
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
}
