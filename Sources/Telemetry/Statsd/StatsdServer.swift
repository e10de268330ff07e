internal import Synchronization

/// What happened in an interval, for whoever logs and shows it.
package struct StatsdReport: Sendable {
    /// When the interval ended, in seconds since 1970.
    package var end: Int64
    package var counts: StatsdCounts
    /// The first lines that were not taken.
    package var badLines: [StatsdBadLine]
    /// Events and checks, to be handed on.
    package var notices: [StatsdNotice]
    package var pointsWritten: Int
    /// Series that the sink refused.
    package var seriesRefused: Int
    /// Why points were not written, if they were not.
    package var problem: TelemetryProblem?
}

/// A whole statsd: receives, takes in what agents counted, writes points, and answers on its management port.
package final class StatsdServer: Sendable {
    package var datagramPort: UInt16 { listener.datagramPort }
    package var streamPort: UInt16 { listener.streamPort }
    /// Nil if there is none.
    package var managementPort: UInt16? { management?.port }

    private let state: StatsdServerState
    private let listener: StatsdListener
    private let management: StatsdManagement?
    private let stopping = StopFlag()

    /// Starts.
    /// - Parameters:
    ///   - patience: how long after an interval's end what agents counted in it is waited for, in milliseconds;
    ///     less than an interval.
    ///   - managementPort: nil: none; 0: one that the kernel picks.
    ///   - seed: a random number, so that nobody can know which names collide.
    ///   - report: called after every interval, by one thread.
    package init(
        _ endpoint: StatsdEndpoint, settings: StatsdSettings = StatsdSettings(), limits: StatsdLimits = StatsdLimits(),
        patience: Int64 = 0, managementPort: UInt16? = 8126, sink: any PointSink, seed: UInt64,
        report: @escaping @Sendable (StatsdReport) -> Void
    ) throws(TelemetryProblem) {
        let aggregator = StatsdAggregator(settings: settings, sink: sink, limits: limits, seed: seed)
        let state = StatsdServerState(aggregator, started: WallClock.milliseconds() / 1000)
        self.state = state
        if let managementPort {
            management = try StatsdManagement(endpoint.address, port: managementPort, state: state)
        } else {
            management = nil
        }
        do throws(TelemetryProblem) {
            listener = try StatsdListener(endpoint, intervalSeconds: settings.interval, limits: limits, seed: seed) {
                [stopping] in
                stopping.wait(milliseconds: patience)
                report(state.flush($0, end: $1))
            }
        } catch {
            management?.stop()
            throw error
        }
    }

    /// Takes in what an agent counted. False if it has been taken before.
    package func merge(_ snapshot: StatsdSnapshot) throws(TelemetryProblem) -> Bool {
        try state.merge(snapshot)
    }

    /// Stops, writes what has come, and returns when all is over.
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

    func flush(_ tally: StatsdTally, end: Int64) -> StatsdReport {
        let box = Unchecked(tally)
        return inside.withLock { inside in
            let tally = box.value
            let hadLines = tally.counts.lines > 0
            var problem: TelemetryProblem?
            do throws(TelemetryProblem) {
                try inside.aggregator.flush(tally, at: end)
            } catch {
                problem = error
            }
            inside.totals += tally.counts
            if hadLines { inside.lastLines = end }
            inside.lastFlush = end
            return StatsdReport(
                end: end, counts: tally.counts, badLines: tally.badLines, notices: tally.notices,
                pointsWritten: inside.aggregator.pointsWritten, seriesRefused: inside.aggregator.seriesRefused,
                problem: problem)
        }
    }

    private struct Unchecked: @unchecked Sendable {
        let value: StatsdTally
        init(_ value: StatsdTally) { self.value = value }
    }

    func merge(_ snapshot: StatsdSnapshot) throws(TelemetryProblem) -> Bool {
        try inside.withLock { (inside) throws(TelemetryProblem) in try inside.aggregator.merge(snapshot) }
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
