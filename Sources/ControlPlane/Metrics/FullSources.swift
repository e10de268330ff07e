import Core
import Telemetry

/// Which sources have as many series as they may: told once each, and again after there was room.
struct FullSources {
    struct Source: Hashable, Sendable {
        var name: SourceName
        var series: Int
        /// How often a new series was asked for in vain, since the server's start.
        var refused: Int
    }

    private static let shownMax = 5
    private var refusedBefore: [SourceName: Int] = [:]
    private(set) var full: [SourceName: Source] = [:]

    /// Looks at the store's counts. A source is full once a series was refused it, for as long as it has no room.
    /// - Returns: those that were not full before, in order of their names.
    mutating func receive(_ statistics: SeriesStoreStatistics, seriesMax: Int) -> [Source] {
        var added: [Source] = []
        for (name, refused) in statistics.refusedBySource {
            let series = statistics.seriesBySource[name] ?? 0
            let wasAsked = refused > refusedBefore[name] ?? 0
            guard series >= seriesMax, wasAsked || full[name] != nil else {
                full[name] = nil
                continue
            }
            let source = Source(name: name, series: series, refused: refused)
            if full[name] == nil { added.append(source) }
            full[name] = source
        }
        refusedBefore = statistics.refusedBySource
        return added.sorted { $0.name.text < $1.name.text }
    }

    /// What the doctor says; nil if there is room.
    func problem(seriesMax: Int) -> Problem? {
        guard !full.isEmpty else { return nil }
        let all = full.values.sorted { ($1.refused, $0.name.text) < ($0.refused, $1.name.text) }
        let shown = all.prefix(Self.shownMax).map { source in
            "\(quotedForMessage(source.name.text)) has \(source.series), and \(source.refused) more were asked for"
        }
        let more = all.count > Self.shownMax ? ", …" : ""
        let sources = all.count == 1 ? "source of metrics has" : "sources of metrics have"
        return Problem(
            "metrics.source-full", "\(all.count) \(sources) no room for new series.",
            cause: "A source may have \(seriesMax) series. \(shown.joined(separator: "; "))\(more).",
            remedy: "Find what makes so many names with `apus metrics find`, mend it and take the series out with "
                + "`apus metrics delete`; or raise `metrics.series-max` in the fabric's file.")
    }
}
