/// Makes points of intervals by statsd's rules: the cold half, run once an interval, off the hot path.
///
/// It knows what lasts longer than an interval: gauges' values, idle series, the sink's numbers of series,
/// and what agents sent. It belongs to one thread at a time.
package final class StatsdAggregator {
    package private(set) var settings: StatsdSettings
    /// Points that were made, in the last flush.
    package private(set) var pointsWritten = 0
    /// Series that the sink refused, in the last flush.
    package private(set) var seriesRefused = 0
    /// What came in the last interval, from agents too.
    private(set) var counts = StatsdCounts()
    private(set) var events: [StatsdNotice] = []

    private let sink: any PointSink
    let limits: StatsdLimits
    var registry: StatsdRegistry
    private var outputs: StatsdOutputs
    /// Seconds that a rate is of.
    private var seconds = 10.0
    private var points: [SeriesPoint] = []
    /// Points of what agents sent that the sink has not taken yet.
    private(set) var unwritten: [SeriesPoint] = []
    private var failure: TelemetryProblem?
    private var sorter = DoubleSort()
    /// What agents sent since the last flush.
    let pending: StatsdTally
    var hasPending = false
    var ledger: SnapshotLedger
    var senders: StatsdSenders
    /// Where what agents send is kept until it is in the sink.
    var journal: StatsdJournaling?
    /// Gauges that are not what they were, in the last flush.
    private(set) var gaugeNews: [(name: [UInt8], value: Double)] = []

    /// Points are handed to the sink in pieces of this size.
    private static let batch = 8192

    package init(
        settings: StatsdSettings, sink: any PointSink, source: SourceName = SourceName("statsd"),
        limits: StatsdLimits = StatsdLimits(), seed: UInt64
    ) {
        self.settings = settings
        self.sink = sink
        self.limits = limits
        outputs = StatsdOutputs(settings)
        registry = StatsdRegistry(seed: seed)
        pending = StatsdTally(limits: limits.ofAgents, seed: seed &+ 1)
        ledger = SnapshotLedger()
        senders = StatsdSenders(own: source)
    }

    /// Takes other settings: from the next flush on. What gauges are stays known.
    package func configure(_ settings: StatsdSettings) {
        self.settings = settings
        outputs = StatsdOutputs(settings)
        registry.rename(outputs)
    }

    /// Writes an interval's points, and what agents sent meanwhile. The tally is changed, and of no use but to
    /// be cleared.
    /// - Parameter time: the interval's end in seconds since 1970, which all points get.
    /// - Throws: what the sink or the journal said; everything that could be done is done.
    package func flush(_ tally: StatsdTally, at time: Int64) throws(TelemetryProblem) {
        failure = nil
        var own = tally
        if hasPending, isBegun(tally, at: time) {
            // The other way round, names of agents would stay in a table that has a cap of its own.
            pending.merge(tally)
            pending.seconds = tally.seconds
            own = pending
        }
        write(own, at: time)
        if own === pending {
            pending.clear()
            hasPending = false
        }
        finish(time)
        if let failure { throw failure }
    }

    /// Writes what a tally has, and tries again what the sink has not taken.
    func write(_ tally: StatsdTally, at time: Int64) {
        pointsWritten = 0
        seriesRefused = 0
        gaugeNews = []
        let interval = Double(settings.interval)
        // One that took longer than it should is as long as it was. Clocks of agents end a little apart.
        seconds = tally.seconds.map { $0 > interval * 1.1 ? $0 : interval } ?? interval
        registry.beginFlush()
        ledger.endInterval()
        tally.settleChecks()
        counts = tally.counts
        events = tally.notices.filter { $0.kind == .event }
        let late = unwritten
        unwritten = []
        points += late
        pass(atLeast: 1, keeps: true)
        let keeps = tally === pending
        let storage = tally.storage
        for number in 0..<storage.pointee.table.count
        where storage.pointee.table.entries[number].state.updates > 0 {
            write(tally, number, at: time)
            pass(atLeast: Self.batch, keeps: keeps)
        }
        writeTimed(tally, keeps: keeps)
        writeIdle(at: time)
        writeOwn(tally, at: time)
        pass(atLeast: 1, keeps: keeps)
        senders.endInterval()
    }

    /// Notes what went wrong; the first counts.
    func fail(_ problem: TelemetryProblem) { failure = failure ?? problem }

    /// Whether all points so far are in the sink.
    var hasWrittenAll: Bool { failure == nil && unwritten.isEmpty }

    /// Sets what a gauge is known to be.
    func restoreGauge(_ name: [UInt8], _ value: Double) {
        let series = name.withUnsafeBytes { registry.touch($0, .gauge, outputs: outputs) }
        registry.setValue(series, value)
    }

    /// Forgets series, as the management port asks for. Returns the names that are forgotten.
    /// - Parameter pattern: a name, or `prefix.*`.
    package func forget(_ kind: StatsdKind, matching pattern: String) -> [String] {
        let names = registry.remove(kind, matching: pattern)
        if kind == .gauge, !names.isEmpty { journal?.isStale = true }
        return names
    }

    private func write(_ tally: StatsdTally, _ number: Int, at time: Int64) {
        let entry = tally.storage.pointee.table.entries + number
        let kind = tally.storage.pointee.table.kind(number)
        let key = tally.storage.pointee.table.key(number)
        let series = registry.touch(key, kind, outputs: outputs, sender: senders.sender(of: key, kind))
        let state = entry.pointee.state
        switch kind {
        case .counter:
            registry.setValue(series, state.sum)
            emitCounter(series, state.sum, at: time)
        case .gauge:
            let value = state.isSet ? state.sum : registry.value(series) + state.sum
            setGauge(series, value)
            emit(series, 0, value, at: time)
        case .set:
            let count = Double(state.head.map { HashSet64($0).count } ?? 0)
            registry.setValue(series, count)
            emit(series, 0, count, at: time)
        case .timer:
            registry.setValue(series, state.sum)
            emitTimer(series, tally, entry, at: time)
        }
    }

    private func setGauge(_ series: Int, _ value: Double) {
        if journal != nil, registry.value(series) != value {
            gaugeNews.append((Array(registry.name(series)), value))
        }
        registry.setValue(series, value)
    }

    private func emitCounter(_ series: Int, _ sum: Double, at time: Int64) {
        emit(series, 0, sum / seconds, at: time)
        if settings.names.keepsCounts { emit(series, 1, sum, at: time) }
    }

    private func emitTimer(_ series: Int, _ tally: StatsdTally, _ entry: TallyEntry, at time: Int64) {
        let limits = registry.bins(series)
        let summary: TimerSummary
        if entry.pointee.state.isHistogram {
            guard let head = entry.pointee.state.head else { return }
            summary = TimerSummary(
                tally.storage.pointee.totals(entry), LogHistogram(head).buckets,
                percents: settings.percentiles,
                limits: limits)
        } else {
            let count = tally.storage.pointee.exactCount(entry)
            guard count > 0 else { return }
            var room = sorter.room(for: count)
            TallyStorage.forEachChunk(entry) { chunk in
                guard let start = chunk.baseAddress else { return }
                room.update(from: start, count: chunk.count)
                room += chunk.count
            }
            summary = TimerSummary(sorter.sorted(count), percents: settings.percentiles, limits: limits)
        }
        emitCount(series, entry.pointee.state.sum, at: time)
        emit(series, 2, summary.sum, at: time)
        emit(series, 3, summary.sumOfSquares, at: time)
        emit(series, 4, summary.mean, at: time)
        emit(series, 5, summary.median, at: time)
        emit(series, 6, summary.standardDeviation, at: time)
        emit(series, 7, summary.upper, at: time)
        emit(series, 8, summary.lower, at: time)
        var output = StatsdOutputs.timerBasics.count
        for percentile in summary.percentiles {
            if let part = percentile {
                let values = [part.count, part.mean, part.boundary, part.sum, part.sumOfSquares]
                for (index, value) in values.enumerated() { emit(series, output + index, value, at: time) }
            }
            output += StatsdOutputs.percentileParts
        }
        for (index, value) in summary.bins.enumerated() {
            emit(series, output + index, value, at: time)
        }
    }

    private func emitCount(_ series: Int, _ count: Double, at time: Int64) {
        emit(series, 0, count, at: time)
        emit(series, 1, count / seconds, at: time)
    }

    private func writeIdle(at time: Int64) {
        for series in registry.idle(settings.idle) {
            switch registry.kind(series) {
            case .counter: emitCounter(series, 0, at: time)
            case .gauge: emit(series, 0, registry.value(series), at: time)
            case .set: emit(series, 0, 0, at: time)
            case .timer: emitCount(series, 0, at: time)
            }
            pass(atLeast: Self.batch, keeps: false)
        }
        registry.removeExpired()
    }

    /// Values with a time of their own: a gauge's as they are, a counter's summed up if they have the same time.
    private func writeTimed(_ tally: StatsdTally, keeps: Bool) {
        var sums: [TimedValue: Double] = [:]
        for timed in tally.storage.pointee.timed {
            let place = TimedValue(number: timed.number, time: timed.time, value: 0)
            let isGauge = tally.storage.pointee.table.kind(timed.number) == .gauge
            sums[place] = isGauge ? timed.value : (sums[place] ?? 0) + timed.value
        }
        for (place, value) in sums {
            let kind = tally.storage.pointee.table.kind(place.number)
            let key = tally.storage.pointee.table.key(place.number)
            let series = registry.touch(key, kind, outputs: outputs, sender: senders.sender(of: key, kind))
            if kind == .gauge {
                setGauge(series, value)
                emit(series, 0, value, at: place.time)
            } else {
                emitCounter(series, value, at: place.time)
            }
            pass(atLeast: Self.batch, keeps: keeps)
        }
    }

    /// statsd's own series.
    private func writeOwn(_ tally: StatsdTally, at time: Int64) {
        let counts = tally.counts
        let own = settings.names.own
        let counters: [(String, UInt64)] = [
            ("bad_lines_seen", counts.badLines), ("packets_received", counts.packets),
            ("metrics_received", counts.lines), ("packets_dropped", counts.packetsDropped),
            ("values_beyond_keys", counts.valuesBeyondKeys), ("values_lost", counts.valuesLost),
        ]
        for (name, value) in counters {
            let key = Array("\(own).\(name)".utf8)
            let series = key.withUnsafeBytes { registry.touch($0, .counter, outputs: outputs) }
            emitCounter(series, Double(value), at: time)
        }
        let prefix =
            settings.names.isLegacy
            ? "" : settings.names.global.isEmpty ? "" : settings.names.global + "."
        let name = Array("\(prefix)\(own).numStats".utf8)
        if let series = sink.series(named: name.span, source: senders.own) {
            points.append(SeriesPoint(series: series, time: time, value: Double(registry.touched)))
        }
    }

    /// Adds a point of one of a series' outputs. What is not finite is left out: a sum may overflow.
    private func emit(_ series: Int, _ output: Int, _ value: Double, at time: Int64) {
        guard value.isFinite else { return }
        var index = registry.output(series, output)
        if index == StatsdRegistry.unknown {
            let name = outputs.name(
                registry.name(series), registry.kind(series), output, bins: registry.bins(series))
            let source = senders.source(registry.sender(series))
            guard let found = sink.series(named: name.span, source: source) else {
                seriesRefused += 1
                return
            }
            index = found.index
            registry.setOutput(series, output, index)
        }
        points.append(SeriesPoint(series: SeriesID(index: index), time: time, value: value))
    }

    /// Hands points to the sink. A failure is told at the end of the flush: the points after it are tried.
    /// - Parameter keeps: whether those that are not taken are tried again at the next flush.
    private func pass(atLeast count: Int, keeps: Bool) {
        guard points.count >= count else { return }
        do {
            try sink.append(points)
            pointsWritten += points.count
        } catch {
            fail(error)
            if keeps { unwritten += points }
        }
        points.removeAll(keepingCapacity: true)
    }
}
