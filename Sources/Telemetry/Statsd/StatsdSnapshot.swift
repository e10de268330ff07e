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
    /// DogStatsD's events; its checks are gauges.
    package var events: [StatsdNotice] = []

    /// The longest name of an agent, in bytes.
    package static let agentBytesMax = 255

    package init(agent: String, interval: UInt64, counts: StatsdCounts = StatsdCounts(), series: [Series] = []) {
        self.agent = agent
        self.interval = interval
        self.counts = counts
        self.series = series
    }

    /// What a tally holds. Bad lines are not part of it.
    package init(_ tally: StatsdTally, agent: String, interval: UInt64) {
        tally.settleChecks()
        self.init(agent: agent, interval: interval, counts: tally.counts)
        events = tally.notices.filter { $0.kind == .event }
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
    /// - Parameter admits: whether there is room for a name; what there is none for is counted.
    func merge(
        _ snapshot: StatsdSnapshot, admits: (_ name: [UInt8], _ kind: StatsdKind) -> Bool = { _, _ in true }
    ) {
        storage.pointee.counts += snapshot.counts
        let room = max(0, storage.pointee.limits.noticesMax - storage.pointee.notices.count)
        storage.pointee.notices += snapshot.events.prefix(room)
        storage.pointee.counts.noticesLost &+= UInt64(max(0, snapshot.events.count - room))
        for series in snapshot.series {
            guard admits(series.name, series.value.kind) else {
                storage.pointee.counts.valuesBeyondKeys &+= 1
                continue
            }
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
    /// Whether nothing has come.
    package var isEmpty: Bool { series.isEmpty && events.isEmpty && counts == StatsdCounts() }

    /// When the last gauge was set or changed, in milliseconds since 1970.
    var latestChange: Int64 {
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
