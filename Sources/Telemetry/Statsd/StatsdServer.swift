internal import Synchronization
package import SystemPackage

/// What happened in an interval, for whoever logs and shows it.
package struct StatsdReport: Sendable {
    /// When the interval ended, in seconds since 1970.
    package var end: Int64
    package var counts: StatsdCounts
    /// The first lines that were not taken.
    package var badLines: [StatsdBadLine]
    /// DogStatsD's events, of agents too, to be handed on.
    package var events: [StatsdNotice]
    package var pointsWritten: Int
    /// Series that the sink refused.
    package var seriesRefused: Int
    /// Why points were not written, if they were not.
    package var problem: TelemetryProblem?
}

/// Where a statsd keeps what agents sent until it is in the sink.
package struct StatsdDurability: Sendable {
    package var folder: FilePath
    package var files: any FileSystem
    /// Returns when everything that the sink has taken outlasts a loss of power.
    package var makeSafe: @Sendable () throws(TelemetryProblem) -> Void

    package init(
        folder: FilePath, files: any FileSystem = Disk(),
        makeSafe: @escaping @Sendable () throws(TelemetryProblem) -> Void
    ) {
        self.folder = folder
        self.files = files
        self.makeSafe = makeSafe
    }
}

/// A whole statsd: receives, takes in what agents counted, writes points, and answers on its management port.
package final class StatsdServer: Sendable {
    /// 0 if no socket is open.
    package var datagramPort: UInt16 { listener.datagramPort }
    package var streamPort: UInt16 { listener.streamPort }
    /// Nil if there is none.
    package var managementPort: UInt16? { management?.port }
    /// What of the journal could not be read, in words for people.
    package let dropped: [String]

    private let state: StatsdServerState
    private let listener: StatsdListener
    private let management: StatsdManagement?
    private let stopping: StopFlag
    private let patience: Patience

    /// How long after an interval's end what agents counted in it is waited for, in milliseconds.
    private final class Patience: Sendable {
        let milliseconds: Atomic<Int64>
        init(_ milliseconds: Int64) { self.milliseconds = Atomic(milliseconds) }
    }

    /// Starts.
    /// - Parameters:
    ///   - endpoint: nil: no socket is opened; only agents' snapshots are taken in.
    ///   - patience: how long after an interval's end what agents counted in it is waited for, in milliseconds;
    ///     less than an interval.
    ///   - managementPort: nil: none; 0: one that the kernel picks.
    ///   - durability: nil: what agents sent is lost with the process.
    ///   - seed: a random number, so that nobody can know which names collide.
    ///   - report: called after every interval, by one thread.
    package init(
        _ endpoint: StatsdEndpoint?, settings: StatsdSettings = StatsdSettings(),
        limits: StatsdLimits = StatsdLimits(), patience: Int64 = 0, managementPort: UInt16? = 8126,
        sink: any PointSink, durability: StatsdDurability? = nil, seed: UInt64,
        report: @escaping @Sendable (StatsdReport) -> Void
    ) throws(TelemetryProblem) {
        let aggregator = StatsdAggregator(settings: settings, sink: sink, limits: limits, seed: seed)
        if let durability {
            let (journal, contents) = try SnapshotJournal.open(durability.folder, on: durability.files)
            aggregator.restore(contents, StatsdJournaling(journal: journal, makeSafe: durability.makeSafe))
            dropped = contents.dropped
        } else {
            dropped = []
        }
        let state = StatsdServerState(aggregator, started: WallClock.milliseconds() / 1000)
        self.state = state
        if let managementPort, let endpoint {
            management = try StatsdManagement(endpoint.address, port: managementPort, state: state)
        } else {
            management = nil
        }
        let (stopping, waiting) = (StopFlag(), Patience(patience))
        self.stopping = stopping
        self.patience = waiting
        do throws(TelemetryProblem) {
            listener = try StatsdListener(endpoint, intervalSeconds: settings.interval, limits: limits, seed: seed) {
                stopping.wait(milliseconds: waiting.milliseconds.load(ordering: .relaxed))
                if let told = state.finish($0, end: $1, isLast: stopping.isSet) { report(told) }
            }
        } catch {
            management?.stop()
            throw error
        }
    }

    /// Takes other settings; what gauges are stays known, and nothing is lost.
    package func configure(_ settings: StatsdSettings, patience milliseconds: Int64) {
        state.configure(settings)
        patience.milliseconds.store(milliseconds, ordering: .relaxed)
        listener.setInterval(seconds: settings.interval)
    }

    /// Takes in what an agent counted. When it returns, no crash loses it. False if it has been taken before.
    /// May wait for a disk.
    /// - Throws: `statsd.snapshot-late`, `statsd.agents-too-many`: it will never be taken; `storage.failed`: it
    ///   is to be sent again.
    package func merge(_ snapshot: StatsdSnapshot, encoded: [UInt8]? = nil) throws(TelemetryProblem) -> Bool {
        try state.merge(snapshot, encoded: encoded ?? snapshot.encoded())
    }

    /// Stops, writes or keeps what has come, and returns when all is over.
    package func stop() {
        stopping.set()
        listener.stop()
        management?.stop()
    }
}

/// What the threads of a statsd share.
final class StatsdServerState: Sendable {
    private struct Inside: @unchecked Sendable {
        // Unchecked: used behind the mutex only.
        var aggregator: StatsdAggregator
        var totals = StatsdCounts()
        var isUp = true
        var lastLines: Int64
        var lastFlush: Int64
    }

    let started: Int64
    private let inside: Mutex<Inside>

    init(_ aggregator: StatsdAggregator, started: Int64) {
        self.started = started
        let inside = Inside(aggregator: aggregator, lastLines: started, lastFlush: started)
        self.inside = Mutex(inside)
    }

    /// Handles what came in an interval. Nil: the statsd ends, and what came is kept for the one that begins next.
    func finish(_ tally: StatsdTally, end: Int64, isLast: Bool) -> StatsdReport? {
        let box = Unchecked(tally)
        return inside.withLock { inside in
            let tally = box.value
            if isLast, inside.aggregator.keep(tally) { return nil }
            let hadLines = tally.counts.lines > 0
            let badLines = tally.badLines
            var problem: TelemetryProblem?
            do throws(TelemetryProblem) {
                try inside.aggregator.flush(tally, at: end)
            } catch {
                problem = error
            }
            let aggregator = inside.aggregator
            inside.totals += aggregator.counts
            if hadLines { inside.lastLines = end }
            inside.lastFlush = end
            return StatsdReport(
                end: end, counts: aggregator.counts, badLines: badLines, events: aggregator.events,
                pointsWritten: aggregator.pointsWritten, seriesRefused: aggregator.seriesRefused, problem: problem)
        }
    }

    private struct Unchecked: @unchecked Sendable {
        let value: StatsdTally
        init(_ value: StatsdTally) { self.value = value }
    }

    func configure(_ settings: StatsdSettings) { inside.withLock { $0.aggregator.configure(settings) } }

    func merge(_ snapshot: StatsdSnapshot, encoded: [UInt8]) throws(TelemetryProblem) -> Bool {
        let (isNew, position, journal) = try inside.withLock { (inside) throws(TelemetryProblem) in
            let (isNew, position) = try inside.aggregator.merge(snapshot, encoded: encoded)
            return (isNew, position, inside.aggregator.journal?.journal)
        }
        // Outside of the lock: those who wait for the disk at the same time share one sync.
        try journal?.sync(through: position)
        return isNew
    }

    /// The answer to a command of the management port. Nil: the connection is to be closed.
    func answer(_ line: String, now: Int64) -> String? {
        let words = line.split(separator: " ").map(String.init)
        guard let command = words.first?.lowercased() else { return "ERROR\n" }
        let rest = Array(words.dropFirst())
        return inside.withLock { inside -> String? in
            switch command {
            case "help": return Self.help
            case "quit": return nil
            case "config": return Self.config(inside.aggregator.settings)
            case "health":
                if let wanted = rest.first?.lowercased(), ["up", "down"].contains(wanted) {
                    inside.isUp = wanted == "up"
                }
                return "health: \(inside.isUp ? "up" : "down")\n"
            case "stats": return stats(inside, now: now)
            case "counters": return Self.list(inside.aggregator, .counter)
            case "gauges": return Self.list(inside.aggregator, .gauge)
            case "timers": return Self.list(inside.aggregator, .timer)
            case "sets": return Self.list(inside.aggregator, .set)
            case "delcounters": return Self.forget(inside.aggregator, .counter, rest)
            case "delgauges": return Self.forget(inside.aggregator, .gauge, rest)
            case "deltimers": return Self.forget(inside.aggregator, .timer, rest)
            default: return "ERROR\n"
            }
        }
    }

    private static let help = """
        Commands: help, config, health, stats, counters, gauges, timers, sets, delcounters, delgauges, deltimers, quit
        Values are those of the last interval.


        """

    private static func config(_ settings: StatsdSettings) -> String {
        let names = settings.names
        return """

            flushInterval: \(settings.interval * 1000)
            percentThreshold: \(settings.percentiles.map(StatsdOutputs.text).joined(separator: ","))
            graphite > legacyNamespace: \(names.isLegacy)
            graphite > globalPrefix: \(names.global)
            graphite > prefixCounter: \(names.counters)
            graphite > prefixTimer: \(names.timers)
            graphite > prefixGauge: \(names.gauges)
            graphite > prefixSet: \(names.sets)
            prefixStats: \(names.own)

            """
    }

    private func stats(_ inside: Inside, now: Int64) -> String {
        """
        uptime: \(now - started)
        messages.last_msg_seen: \(max(0, now - inside.lastLines))
        messages.bad_lines_seen: \(inside.totals.badLines)
        messages.packets_received: \(inside.totals.packets)
        messages.packets_dropped: \(inside.totals.packetsDropped)
        messages.metrics_received: \(inside.totals.lines)
        graphite.last_flush: \(max(0, now - inside.lastFlush))
        END


        """
    }

    private static func list(_ aggregator: StatsdAggregator, _ kind: StatsdKind) -> String {
        let series = aggregator.registry.list(kind).sorted { $0.name < $1.name }
        let lines = series.map { "  '\($0.name)': \(StatsdOutputs.text($0.value))" }
        return "{" + (lines.isEmpty ? "" : "\n" + lines.joined(separator: ",\n") + "\n") + "}\nEND\n\n"
    }

    private static func forget(_ aggregator: StatsdAggregator, _ kind: StatsdKind, _ patterns: [String]) -> String {
        var answer = ""
        for pattern in patterns {
            let names = aggregator.forget(kind, matching: pattern)
            answer += names.isEmpty ? "metric \(pattern) not found\n" : names.map { "deleted: \($0)\n" }.joined()
        }
        return answer + "END\n\n"
    }
}
