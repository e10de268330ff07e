/// How many lines there were in each part of a time, by level: what a histogram shows.
package struct LogLevelCounts: Sendable {
    /// The lengths of parts, so that they begin where clocks strike: nanoseconds.
    private static let spans: [Int64] = {
        let second: Int64 = 1_000_000_000
        let small: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * 1_000_000 }
        let seconds: [Int64] = [
            1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
            604_800, 1_209_600, 2_592_000, 7_776_000, 31_536_000,
        ]
        return small + seconds.map { $0 * second }
    }()

    /// Where the first part begins, in nanoseconds since 1970.
    package private(set) var start: Int64
    /// Nanoseconds of a part.
    package private(set) var span: Int64
    /// For each part, the number of lines of each level, by the level's number.
    package private(set) var counts: [[Int]]
    package var report = LogSearchReport()

    /// - Parameter spansMax: how many parts there are at most.
    package init(_ window: LogWindow, spansMax: Int) {
        let most = Int64(max(1, spansMax))
        let (length, overflow) = window.until.subtractingReportingOverflow(window.from)
        // A part more than the length says is begun at one end or the other.
        let wanted = overflow ? Int64.max / max(1, most - 1) : max(0, length) / max(1, most - 1) + 1
        span = Self.spans.first { $0 >= wanted } ?? wanted
        start = LogSpan.start(of: max(window.from, .min / 2), span)
        let end = max(min(window.until, .max / 2), start + 1)
        let (reach, isTooFar) = end.subtractingReportingOverflow(start)
        let parts = isTooFar ? most : min(most, (reach - 1) / span + 1)
        counts = Array(repeating: Array(repeating: 0, count: LogLevel.allCases.count), count: Int(parts))
    }

    mutating func add(_ time: Int64, _ level: LogLevel, count: Int = 1) {
        let (offset, overflow) = time.subtractingReportingOverflow(start)
        guard !overflow, offset >= 0 else { return }
        let part = Int(offset / span)
        if part < counts.count { counts[part][Int(level.rawValue)] += count }
    }
}
