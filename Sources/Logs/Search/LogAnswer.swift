package import Telemetry

/// What a query comes to.
package enum LogAnswer: Sendable {
    case lines([LogLine], LogSearchReport)
    case table(LogTable)
    case patterns(LogPatterns)

    package var report: LogSearchReport {
        switch self {
        case .lines(_, let report): report
        case .table(let table): table.report
        case .patterns(let patterns): patterns.report
        }
    }
}

extension LogSearch {
    /// Answers a query. Lines come the newest first unless the query says otherwise; whoever wants to show lines before
    /// all are found uses `lines` for queries whose `isStreamed` is true.
    /// - Parameter position: lines beyond it, for the next page. Tables, patterns and sorted lines have no pages.
    package func answer(
        _ query: LogQuery, in window: LogWindow, after position: LogPosition? = nil
    ) async throws(TelemetryProblem) -> LogAnswer {
        let filter = try query.compiled()
        switch query.output {
        case .table(let aggregation):
            var table = try await table(aggregation, filter, in: window)
            query.finish(&table)
            return .table(table)
        case .patterns:
            return .patterns(try await patterns(filter, in: window, limit: query.limit ?? 100))
        case .lines where query.isStreamed:
            let (lines, report) = try await page(
                filter, in: window, order: query.order, after: position, limit: query.limit)
            return .lines(lines.map(query.shown), report)
        case .lines:
            let (lines, report) = try await sorted(filter, in: window, by: query.sortKeys, limit: query.limit)
            return .lines(lines.map(query.shown), report)
        }
    }

    /// The lines that come first in an order of their values. All lines of the window are looked at.
    package func sorted(
        _ filter: LogFilter, in window: LogWindow, by keys: [LogSort], limit: Int? = nil
    ) async throws(TelemetryProblem) -> (lines: [LogLine], report: LogSearchReport) {
        let budget = LogBudget(limits, clock)
        var sorter = LogSorter(keys, limit: max(1, min(limit ?? limits.lines, limits.lines)))
        try await scan(filter, in: window, budget) { block, rows throws(TelemetryProblem) in
            try sorter.add(rows, of: block, budget)
            return true
        }
        let lines = sorter.lines()
        if lines.count < budget.report.rowsFound, budget.report.stop == nil { budget.report.stop = .lines }
        return (lines, budget.report)
    }
}

extension LogQuery {
    /// Whether lines are given in the order in which they are found, so that they can be shown at once and by pages.
    package var isStreamed: Bool {
        guard output == .lines else { return false }
        return sortKeys.isEmpty || sortKeys.count == 1 && sortKeys[0].key == "time"
    }

    /// The order of lines that are streamed.
    package var order: LogOrder {
        guard let key = sortKeys.first else { return .newestFirst }
        return key.isDescending ? .newestFirst : .oldestFirst
    }

    /// A line with the fields that the query asks for, in their order; with all if it names none.
    package func shown(_ line: LogLine) -> LogLine {
        guard let shownFields else { return line }
        var line = line
        let all = line
        line.fields = shownFields.compactMap { name in
            ["message", "level", "time"].contains(name) ? nil : all.value(of: name).map { LogLine.Field(name, $0) }
        }
        if !shownFields.contains("message") { line.message = [] }
        return line
    }

    /// Does what pipes behind the first say.
    func finish(_ table: inout LogTable) {
        if case .top(let count, _) = stages.first { table.rows = Array(table.rows.prefix(count)) }
        for stage in stages.dropFirst() {
            switch stage {
            case .sort(let keys): table.sort(by: keys)
            case .limit(let count): table.rows = Array(table.rows.prefix(count))
            case .fields(let names): table.keep(names)
            case .aggregate, .top, .patterns: break
            }
        }
    }
}
