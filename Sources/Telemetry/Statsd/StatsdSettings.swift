/// How statsd aggregates, names and forgets. The defaults are statsd's, except that idle series expire.
package struct StatsdSettings: Hashable, Sendable {
    /// Seconds of an interval. Intervals begin at multiples of it since 1970.
    package var interval: Int64 = 10
    /// Percents of a timer's values to sum up: 90 for the lower nine tenths, -10 for the upper tenth.
    package var percentiles: [Double] = [90]
    /// The first whose text is in a timer's name gives it its bins.
    package var histograms: [StatsdBins] = []
    package var names = StatsdNames()
    package var idle = StatsdIdle()

    package init() {}
}

/// Bins of a timer's values.
package struct StatsdBins: Hashable, Sendable {
    /// What a name has to contain; empty: any.
    package var metric: String
    /// Upper limits in order; a value is in the first bin that it is below. Infinity takes what is left;
    /// without it, larger values are in no bin.
    package var limits: [Double]

    package init(metric: String, limits: [Double]) {
        self.metric = metric
        self.limits = limits
    }
}

/// What series are called. Source: statsd, exampleConfig.js and backends/graphite.js.
package struct StatsdNames: Hashable, Sendable {
    /// Whether counters are `stats.X` (the rate) and `stats_counts.X`, as before statsd 0.3; prefixes are
    /// those of that time.
    package var isLegacy = false
    package var global = "stats"
    package var counters = "counters"
    package var timers = "timers"
    package var gauges = "gauges"
    package var sets = "sets"
    /// Before statsd's own series.
    package var own = "statsd"
    /// After every path; empty: nothing.
    package var suffix = ""
    /// Whether the counts of counters are kept beside their rates.
    package var keepsCounts = true

    package init() {}

    /// The prefix of a kind's series, with a dot at its end if it has any.
    func prefix(_ kind: StatsdKind) -> String {
        if isLegacy {
            switch kind {
            case .counter: return "stats."
            case .timer: return "stats.timers."
            case .gauge: return "stats.gauges."
            case .set: return "stats.sets."
            }
        }
        let part =
            switch kind {
            case .counter: counters
            case .timer: timers
            case .gauge: gauges
            case .set: sets
            }
        return [global, part].filter { !$0.isEmpty }.map { $0 + "." }.joined()
    }
}

/// How long a series without news is still written: a counter, timer or set as zero, a gauge as it was.
package struct StatsdIdle: Hashable, Sendable {
    package enum Rule: Hashable, Sendable {
        case keep
        /// 0: only intervals with news are written.
        case expire(intervals: Int)
    }

    package var counters = Rule.expire(intervals: 0)
    package var timers = Rule.expire(intervals: 0)
    package var sets = Rule.expire(intervals: 0)
    /// An hour of ten seconds.
    package var gauges = Rule.expire(intervals: 360)

    package init() {}

    /// statsd's `deleteIdleStats`, for everything alike.
    package init(deletesIdle: Bool) {
        let rule = deletesIdle ? Rule.expire(intervals: 0) : Rule.keep
        counters = rule
        timers = rule
        sets = rule
        gauges = rule
    }

    func rule(_ kind: StatsdKind) -> Rule {
        switch kind {
        case .counter: counters
        case .timer: timers
        case .gauge: gauges
        case .set: sets
        }
    }
}
