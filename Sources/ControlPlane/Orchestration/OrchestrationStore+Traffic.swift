import Core
import FoundationEssentials

/// What was counted for executions. A checkpoint is replaced every few seconds while an execution
/// runs, so it is apart from everything else of it.
extension OrchestrationStore {
    static func operations(saving record: TrafficRecord) throws(Problem) -> [(StateKey, Operation)] {
        let data = try record.checkpoint.map { checkpoint throws(Problem) in try StateJSON.encode(checkpoint) }
        let parts = data.map(Self.parts) ?? []
        let saved = SavedTraffic(figures: record.figures, checkpointParts: parts.count)
        let key = try OrchestrationKeys.traffic(record.execution)
        var operations: [(StateKey, Operation)] = [(key, .put(key, try StateJSON.encode(saved)))]
        for (number, bytes) in parts.enumerated() {
            let key = try OrchestrationKeys.checkpointPart(record.execution, number)
            operations.append((key, .put(key, bytes)))
        }
        if parts.isEmpty {
            let prefix = OrchestrationKeys.checkpoint(record.execution)
            operations.append(
                (try OrchestrationKeys.checkpointPart(record.execution, 0), .deleteRange(.prefix(prefix))))
        }
        return operations
    }

    /// What was last saved of what was counted for an execution.
    func traffic(of id: Int64) async throws(Problem) -> ExecutionTraffic? {
        try await store.get(OrchestrationKeys.traffic(id), as: SavedTraffic.self)?.figures
    }

    /// Of executions for which counting had not ended.
    func checkpoints() async throws(Problem) -> [TrafficRecord] {
        let entries = try await store.range(.prefix("traffic/"), limit: nil).entries
        var records: [TrafficRecord] = []
        for (text, parts) in Dictionary(grouping: entries, by: { String($0.key.text.split(separator: "/")[1]) }) {
            guard let id = Int64(text), let first = parts.first,
                let saved = try await store.get(OrchestrationKeys.traffic(id), as: SavedTraffic.self),
                // An earlier checkpoint may have had more parts.
                (1...parts.count).contains(saved.checkpointParts)
            else { continue }
            let data = parts.prefix(saved.checkpointParts).reduce(into: Data()) { $0.append($1.value) }
            let checkpoint = try StateJSON.decode(TrafficRecord.Checkpoint.self, from: data, at: first.key)
            records.append(TrafficRecord(execution: id, figures: saved.figures, checkpoint: checkpoint))
        }
        return records.sorted { $0.execution < $1.execution }
    }
}
