package import Core

/// The audit log as the servers of a fleet write it, with the rule that it is complete and in order.
package struct SimulatedAudit: Sendable {
    package enum What: Hashable, Sendable {
        case begun
        case ended(ExecutionState)
    }

    package struct Entry: Hashable, Sendable {
        package var sequence: Int
        package var at: Instant
        package var execution: Int64
        package var what: What
    }

    package private(set) var entries: [Entry] = []
    private var open: Set<Int64> = []
    private var ended: Set<Int64> = []

    func isOpen(_ execution: Int64) -> Bool { open.contains(execution) }
    func hasEnded(_ execution: Int64) -> Bool { ended.contains(execution) }

    mutating func begin(_ execution: Int64, at now: Instant) {
        ended.remove(execution)
        open.insert(execution)
        add(execution, .begun, at: now)
    }

    mutating func end(_ execution: Int64, _ state: ExecutionState, at now: Instant) {
        open.remove(execution)
        ended.insert(execution)
        add(execution, .ended(state), at: now)
    }

    private mutating func add(_ execution: Int64, _ what: What, at now: Instant) {
        entries.append(Entry(sequence: entries.count + 1, at: now, execution: execution, what: what))
    }

    /// What is wrong with the log now that nothing is under way.
    /// - Parameter ends: how each execution ended, by what was saved.
    func gaps(ends: [Int64: ExecutionState]) -> [String] {
        var found: [String] = []
        var last: [Int64: What] = [:]
        var time = Instant(milliseconds: 0)
        for entry in entries {
            if entry.at < time { found.append("audit entry \(entry.sequence) is older than the one before it") }
            time = entry.at
            switch (entry.what, last[entry.execution]) {
            case (.begun, .begun), (.ended, .ended), (.ended, nil):
                found.append("the audit log has \(entry.what) of execution \(entry.execution) out of its order")
            case (.begun, _), (.ended, _): break
            }
            last[entry.execution] = entry.what
        }
        for (execution, state) in ends.sorted(by: { $0.key < $1.key }) where state.isEnded {
            if last[execution] != .ended(state) {
                found.append("the audit log does not say that execution \(execution) is \(state.rawValue)")
            }
        }
        return found
    }
}
