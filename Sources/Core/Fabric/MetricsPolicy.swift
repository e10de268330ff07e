/// What a fabric's metrics are kept as, and where else they come from and go to.
package struct MetricsPolicy: Codable, Hashable, Sendable {
    /// How often statsd hands on what it has gathered; aligned to whole multiples since 1970.
    package var flush: Interval
    /// Percentiles of timers, -99…-1 and 1…100; a negative one is of the upper end.
    package var percentiles: [Int]
    /// Whether counters and timers are named as statsd did before 2012 (`stats.X`, `stats_counts.X`).
    package var legacyNames: Bool
    /// How many series one source may have: one host's apps, one scraped target.
    package var seriesMax: Int
    /// How long points are kept, by the names of series. The first that matches counts; a last one for all
    /// others is always there.
    package var retention: [RetentionSpec]
    /// Upper bounds of the bins that timers are also counted in, by the beginnings of their names. The
    /// first that matches counts.
    package var histograms: [HistogramSpec]
    /// What is asked for its metrics, by name.
    package var scrapes: [ScrapeSpec]
    /// Where points are also sent to, by name.
    package var relays: [RelaySpec]

    package init(
        flush: Interval = .seconds(10), percentiles: [Int] = [90, 99], legacyNames: Bool = false,
        seriesMax: Int = 100_000, retention: [RetentionSpec] = [], histograms: [HistogramSpec] = [],
        scrapes: [ScrapeSpec] = [], relays: [RelaySpec] = []
    ) {
        self.flush = flush
        self.percentiles = percentiles
        self.legacyNames = legacyNames
        self.seriesMax = seriesMax
        self.retention = retention
        self.histograms = histograms
        self.scrapes = scrapes
        self.relays = relays
    }
}

/// How long the points of some series are kept, and how they become coarser.
package struct RetentionSpec: Codable, Hashable, Sendable {
    /// What 6 hours of one resolution are.
    package struct Archive: Codable, Hashable, Sendable {
        package var step: Interval
        package var span: Interval

        package init(step: Interval, span: Interval) {
            self.step = step
            self.span = span
        }
    }

    package enum Aggregation: String, Codable, Hashable, Sendable, CaseIterable {
        case average, sum, min, max, last, first
    }

    /// Which series, as a glob: `*` stands for any characters within a node, `**` for any at all.
    package var match: String
    /// From the finest to the coarsest.
    package var archives: [Archive]
    /// nil: by the ending of the name (`lower` min, `upper` max, `sum` and `count` sum), otherwise average.
    package var aggregation: Aggregation?
    /// The share of points, in percent, that a coarser point needs; nil: 0 for sums, otherwise 50.
    package var filledMin: Int?

    package init(match: String, archives: [Archive], aggregation: Aggregation? = nil, filledMin: Int? = nil) {
        self.match = match
        self.archives = archives
        self.aggregation = aggregation
        self.filledMin = filledMin
    }

    /// What series have that no other rule is for.
    package static let archivesDefault = [
        Archive(step: .seconds(10), span: Interval(milliseconds: 21_600_000)),
        Archive(step: .minutes(1), span: Interval(milliseconds: 6 * 86_400_000)),
        Archive(step: .minutes(10), span: Interval(milliseconds: 1800 * 86_400_000)),
    ]

    /// Reads archives as Graphite's users write them: `10s:6h,1m:6d,10m:1800d`.
    /// - Throws: `retention.invalid` unless every step is a multiple of the one before and reaches further.
    package static func archives(_ text: String) throws(Problem) -> [Archive] {
        func invalid(_ cause: String) -> Problem {
            Problem(
                "retention.invalid", "This is not a retention.", cause: cause,
                remedy:
                    "Write steps and spans from fine to coarse, each step a multiple of the one before: 10s:6h,1m:6d,10m:1800d."
            )
        }
        var archives: [Archive] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2, archives.count < 8 else {
                throw invalid("\(quotedForMessage(String(part))) is not `STEP:SPAN`, or there are more than eight.")
            }
            let step = try interval(halves[0])
            let span = try interval(halves[1])
            guard step.milliseconds >= 1000, step.milliseconds % 1000 == 0, span > step,
                span.milliseconds % step.milliseconds == 0
            else { throw invalid("\(quotedForMessage(String(part))) does not keep whole steps of at least a second.") }
            if let last = archives.last {
                guard step > last.step, step.milliseconds % last.step.milliseconds == 0, span > last.span,
                    last.span >= step
                else { throw invalid("\(quotedForMessage(String(part))) does not go on from what is before it.") }
            }
            archives.append(Archive(step: step, span: span))
        }
        return archives
    }

    /// `6h`, and `1w` and `5y` as carbon has them.
    private static func interval(_ text: Substring) throws(Problem) -> Interval {
        let days = ["w": Int64(7), "y": 365]
        guard let unit = text.last.flatMap({ days[String($0)] }), let count = Int64(text.dropLast()), count < 1000
        else {
            return try Interval(String(text))
        }
        return try Interval("\(count * unit)d")
    }
}

/// Bins of timers.
package struct HistogramSpec: Codable, Hashable, Sendable {
    /// How the timer's name begins; empty: every timer.
    package var prefix: String
    /// Upper bounds in rising order, exclusive. Whatever is not below the last is in a bin of its own.
    package var bounds: [Double]

    package init(prefix: String, bounds: [Double]) {
        self.prefix = prefix
        self.bounds = bounds
    }
}

package struct ScrapeName: Name {
    package static let noun = "scrape"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// Targets in Prometheus' text format.
package struct ScrapeSpec: Codable, Hashable, Sendable {
    package enum Targets: Codable, Hashable, Sendable {
        /// Addresses as they are.
        case urls([WebhookURL])
        /// A port of hosts.
        case hosts(HostSelector, port: Int)
        /// Every instance of a process, at its port.
        case instances(AppName, ProcessName)
    }

    package var name: ScrapeName
    package var targets: Targets
    /// Of hosts and instances.
    package var path: String
    package var every: Interval

    package init(name: ScrapeName, targets: Targets, path: String = "/metrics", every: Interval = .seconds(10)) {
        self.name = name
        self.targets = targets
        self.path = path
        self.every = every
    }
}

package struct RelayName: Name {
    package static let noun = "relay"
    package let text: String
    package init(checked text: String) { self.text = text }
}

/// An engine outside that gets the same points.
package struct RelaySpec: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// Plaintext over TCP.
        case graphite
        /// Prometheus' remote write, version 1.
        case remoteWrite = "remote-write"
        /// Rows over ClickHouse's HTTP interface.
        case clickhouse
    }

    package var name: RelayName
    package var kind: Kind
    /// For Graphite only host and port of it count.
    package var to: WebhookURL
    /// Which series, as globs; empty: all.
    package var match: [String]
    /// Whether queries are answered from there, in place of the server's own store.
    package var answers: Bool

    package init(name: RelayName, kind: Kind, to: WebhookURL, match: [String] = [], answers: Bool = false) {
        self.name = name
        self.kind = kind
        self.to = to
        self.match = match
        self.answers = answers
    }
}
