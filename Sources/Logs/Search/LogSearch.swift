package import Telemetry

/// Answers questions about the lines of a source.
package struct LogSearch: Sendable {
    package internal(set) var source: any LogSource
    package var limits: LogSearchLimits
    /// Time that only goes on, from whenever.
    let clock: @Sendable () -> Duration

    package init(
        _ source: any LogSource, limits: LogSearchLimits = LogSearchLimits(),
        clock: @escaping @Sendable () -> Duration
    ) {
        self.source = source
        self.limits = limits
        self.clock = clock
    }

    /// The lines of a window that fulfil a filter.
    /// - Parameters:
    ///   - position: lines beyond it in the order that is asked for; those from the window's end if nil.
    ///   - limit: at most `limits.lines`.
    package func lines(
        _ filter: LogFilter, in window: LogWindow, order: LogOrder = .newestFirst, after position: LogPosition? = nil,
        limit: Int? = nil
    ) -> LogLines {
        var limits = limits
        if let limit { limits.lines = min(limits.lines, max(0, limit)) }
        return LogLines(
            source: source, filter: filter, window: window, order: order, start: position, limits: limits, clock: clock)
    }

    /// The same lines at once.
    package func page(
        _ filter: LogFilter, in window: LogWindow, order: LogOrder = .newestFirst, after position: LogPosition? = nil,
        limit: Int? = nil
    ) async throws(TelemetryProblem) -> (lines: [LogLine], report: LogSearchReport) {
        var found: [LogLine] = []
        var report = LogSearchReport()
        for try await part in lines(filter, in: window, order: order, after: position, limit: limit) {
            switch part {
            case .lines(let lines): found += lines
            case .progress: break
            case .end(let end): report = end
            }
        }
        return (found, report)
    }
}
