import Telemetry

extension LogSearch {
    /// Shows `body` the rows of each block that are in the window and fulfil the filter, the newest blocks first,
    /// until it returns false or the budget is used up.
    func scan(
        _ filter: LogFilter, in window: LogWindow, _ budget: LogBudget,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (any LogBlock, RowSet) throws(TelemetryProblem) -> Bool
    ) async throws(TelemetryProblem) {
        let references = try await source.blocks(in: window, where: filter)
        let filter = filter.ordered()
        budget.report.blocks = references.count
        for reference in references {
            guard budget.admits() else { return }
            guard let block = await budget.open(reference) else { continue }
            budget.report.rowsRead += block.rows
            let goesOn = budget.reading(block) { block throws(TelemetryProblem) -> Bool in
                let rows = try filter.select(in: block, among: block.select(window))
                if rows.isEmpty { return true }
                budget.report.rowsFound += rows.count
                return try body(block, rows)
            }
            if goesOn == false { return }
        }
    }
}
