import Telemetry

/// What `/metrics` says of the store of series, in Prometheus' text format 0.0.4.
enum StoreExposition {
    /// Sources that are named; of more, those that were refused most.
    private static let sourcesMax = 100

    static func text(_ statistics: SeriesStoreStatistics, sourcesFull: Int) -> String {
        var writer = ExpositionWriter(.prometheus)
        func gauge(_ name: StaticString, _ help: String, _ value: Int) {
            writer.family(name, .gauge, help: help)
            writer.sample(Double(value))
        }
        func counter(_ name: StaticString, _ help: String, _ value: Double) {
            writer.family(name, .counter, help: help)
            writer.sample(value)
        }
        gauge("apus_metrics_series", "Series that are kept.", statistics.series)
        counter("apus_metrics_points", "Points that were taken.", Double(statistics.points))
        writer.family(
            "apus_metrics_refused", .counter, help: "Points and names of series that were not taken; late is too_old.")
        for reason in SeriesStoreStatistics.Refusal.allCases {
            writer.sample(labels: [("reason", reason.label)], Double(statistics.refused[reason] ?? 0))
        }
        gauge("apus_metrics_sources_full", "Sources that have no room for new series.", sourcesFull)
        let sources = statistics.refusedBySource.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }
        writer.family("apus_metrics_source_refused", .counter, help: "New series beyond series-max, by source.")
        for (source, count) in sources.prefix(sourcesMax) {
            writer.sample(labels: [("source", source.text)], Double(count))
        }
        gauge("apus_metrics_files", "Files of points, without the log.", statistics.blocks)
        writer.family("apus_metrics_bytes", .gauge, help: "Bytes: blocks and log on disk, head and index in memory.")
        let kinds = [
            ("blocks", statistics.blockBytes), ("log", statistics.logBytes), ("head", statistics.headBytes),
            ("index", statistics.indexBytes),
        ]
        for (kind, bytes) in kinds { writer.sample(labels: [("kind", kind)], Double(bytes)) }
        counter("apus_metrics_syncs", "Syncs of the log.", Double(statistics.syncs))
        counter("apus_metrics_sync_seconds", "Time that they took.", Double(statistics.syncNanoseconds) / 1e9)
        counter("apus_metrics_flushes", "Times that memory became blocks.", Double(statistics.flushes))
        counter("apus_metrics_merges", "Times that blocks became fewer.", Double(statistics.merges))
        counter("apus_metrics_damaged_chunks", "Chunks that could not be read.", Double(statistics.damagedChunks))
        return writer.finish()
    }
}

extension ExpositionWriter {
    fileprivate mutating func sample(_ value: Double) { sample("", [], value) }

    fileprivate mutating func sample(labels: [(key: StaticString, value: String)], _ value: Double) {
        sample("", labels, value)
    }
}

extension SeriesStoreStatistics.Refusal {
    fileprivate var label: String {
        switch self {
        case .notFinite: "not_finite"
        case .tooOld: "too_old"
        case .future: "future"
        case .unknownSeries: "unknown_series"
        case .nameInvalid: "name_invalid"
        case .sourceFull: "source_full"
        }
    }
}
