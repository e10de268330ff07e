/// What a fabric's metrics are kept as, and where else they come from.
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
    /// Upper bounds of the bins that timers are also counted in, by parts of their names. The first that
    /// matches counts.
    package var histograms: [HistogramSpec]
    /// What is asked for its metrics, by name.
    package var scrapes: [ScrapeSpec]
    /// Where points go besides the store.
    package var relays: [RelaySpec]
    /// The servers that are asked for the series of other regions.
    package var regions: [RegionSpec]

    package init(
        flush: Interval = .seconds(10), percentiles: [Int] = [90, 99], legacyNames: Bool = false,
        seriesMax: Int = 100_000, retention: [RetentionSpec] = [], histograms: [HistogramSpec] = [],
        scrapes: [ScrapeSpec] = [], relays: [RelaySpec] = [], regions: [RegionSpec] = []
    ) {
        self.flush = flush
        self.percentiles = percentiles
        self.legacyNames = legacyNames
        self.seriesMax = seriesMax
        self.retention = retention
        self.histograms = histograms
        self.scrapes = scrapes
        self.relays = relays
        self.regions = regions
    }

    /// What a server before this one has kept may lack a part.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func part<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        self.init()
        flush = try part(.flush, flush)
        percentiles = try part(.percentiles, percentiles)
        legacyNames = try part(.legacyNames, legacyNames)
        seriesMax = try part(.seriesMax, seriesMax)
        retention = try part(.retention, retention)
        histograms = try part(.histograms, histograms)
        scrapes = try part(.scrapes, scrapes)
        relays = try part(.relays, relays)
        regions = try part(.regions, regions)
    }
}

/// How long the points of some series are kept, and how they become coarser.
package struct RetentionSpec: Codable, Hashable, Sendable {
    /// One resolution, and how long it is kept.
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
    /// The share of points, in percent, that a coarser point needs; nil: one is enough.
    package var filledMin: Int?

    package init(match: String, archives: [Archive], aggregation: Aggregation? = nil, filledMin: Int? = nil) {
        self.match = match
        self.archives = archives
        self.aggregation = aggregation
        self.filledMin = filledMin
    }
}

/// Bins of timers.
package struct HistogramSpec: Codable, Hashable, Sendable {
    /// What the timer's name contains; empty: every timer.
    package var metric: String
    /// Upper bounds in rising order, exclusive. Whatever is not below the last is in a bin of its own.
    package var bounds: [Double]

    package init(metric: String, bounds: [Double]) {
        self.metric = metric
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
