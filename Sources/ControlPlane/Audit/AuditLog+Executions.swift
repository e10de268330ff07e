package import Core

/// What the log has of executions, for a server that starts again.
extension AuditLog {
    private static let pageEntries = 1000

    /// The beginnings of executions that are in the log.
    package struct Executions: Sendable {
        /// Those whose end is not in it, by the execution's id.
        package var open: [String: AuditTicket] = [:]
        /// All that were looked at, open or not.
        package var begun: Set<String> = []
    }

    /// Looks back over the newest entries, and on until each of `known` was found.
    package func executions(known: Set<String>) async throws(Problem) -> Executions {
        var found = Executions()
        var ended: Set<Int64> = []
        var before: Int64?
        while true {
            let page = try await entries(before: before, limit: Self.pageEntries)
            // The newest come first, so an end is seen before its beginning.
            for entry in page {
                if let beginning = entry.concerns { ended.insert(beginning) }
                guard entry.concerns == nil, entry.action.subject.hasPrefix("app/"),
                    let execution = entry.action.execution
                else { continue }
                found.begun.insert(execution)
                if entry.outcome == .started, !ended.contains(entry.sequence) {
                    found.open[execution] = ticket(of: entry)
                }
            }
            guard page.count == Self.pageEntries, !known.isSubset(of: found.begun) else { return found }
            before = page.last?.sequence
        }
    }
}
