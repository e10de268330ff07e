package import Telemetry

extension LogSearch {
    /// Figures of the lines that fulfil a filter, group by group. Of more groups than `limits.groups` the rest is in
    /// `others`.
    package func table(
        _ aggregation: LogAggregation, _ filter: LogFilter, in window: LogWindow
    ) async throws(TelemetryProblem) -> LogTable {
        let budget = LogBudget(limits, clock)
        var aggregator = LogAggregator(aggregation, in: window, groupsMax: limits.groups)
        let (rest, sums) = await counted(budget) { source throws(TelemetryProblem) in
            try await source.sums(of: aggregation, filter, in: window)
        }
        for sum in sums ?? [] {
            aggregator.add(sum)
            budget.report.rowsFound += sum.lines
        }
        try await rest?.scan(filter, in: window, budget) { (block, rows) throws(TelemetryProblem) in
            try aggregator.add(rows, of: block)
            return true
        }
        return aggregator.table(budget.report)
    }

    /// What the source adds up itself, and a search of what is left; nil if nothing is.
    private func counted<Sums>(
        _ budget: LogBudget, _ ask: (any LogCountingSource) async throws(TelemetryProblem) -> Sums?
    ) async -> (rest: LogSearch?, sums: Sums?) {
        guard let counting = source as? any LogCountingSource else { return (self, nil) }
        do throws(TelemetryProblem) {
            guard let sums = try await ask(counting) else { return (self, nil) }
            return (counting.others.map(searching), sums)
        } catch {
            budget.note(error)
            return (counting.others.map(searching), nil)
        }
    }

    private func searching(_ source: any LogSource) -> LogSearch {
        var search = self
        search.source = source
        return search
    }

    /// The kinds of lines that fulfil a filter, the most frequent first.
    /// - Parameter limit: how many are wanted.
    package func patterns(
        _ filter: LogFilter, in window: LogWindow, limit: Int = 100
    ) async throws(TelemetryProblem) -> LogPatterns {
        let budget = LogBudget(limits, clock)
        var patterns = LogPatterns()
        let groupsMax = limits.groups
        try await scan(filter, in: window, budget) { (block, rows) throws(TelemetryProblem) in
            try patterns.add(rows, of: block, groupsMax: groupsMax)
            return true
        }
        patterns.finish(budget.report, limit: limit)
        return patterns
    }

    /// How many lines there were when, by level.
    /// - Parameter spansMax: into how many parts the window is cut at most.
    package func levelCounts(
        _ filter: LogFilter, in window: LogWindow, spansMax: Int = 60
    ) async throws(TelemetryProblem) -> LogLevelCounts {
        let budget = LogBudget(limits, clock)
        var counts = LogLevelCounts(window, spansMax: spansMax)
        let (start, span) = (counts.start, counts.span)
        let (rest, sums) = await counted(budget) { source throws(TelemetryProblem) in
            try await source.levels(filter, in: window, start: start, span: span)
        }
        for sum in sums ?? [] {
            counts.add(sum.time, sum.level, count: sum.count)
            budget.report.rowsFound += sum.count
        }
        try await rest?.scan(filter, in: window, budget) { (block, rows) throws(TelemetryProblem) in
            let times = try block.times()
            let levels = try block.levels()
            rows.forEach { counts.add(times[$0], levels[$0]) }
            return true
        }
        counts.report = budget.report
        return counts
    }

    /// The fields and labels that lines have, with their most frequent values.
    /// - Parameters:
    ///   - sample: how many of the newest blocks' lines are looked at, at least if there are so many.
    ///   - top: how many values of each are wanted.
    package func fields(
        _ filter: LogFilter, in window: LogWindow, sample: Int = 10_000, top: Int = 10
    ) async throws(TelemetryProblem) -> LogFieldList {
        let budget = LogBudget(limits, clock)
        var tally = LogFieldTally(sample: sample)
        try await scan(filter, in: window, budget) { (block, rows) throws(TelemetryProblem) in
            try tally.add(rows, of: block)
        }
        return tally.list(budget.report, top: top)
    }
}
