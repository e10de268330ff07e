internal import Synchronization
package import Telemetry

/// Puts lines into a table of ClickHouse, each once.
///
/// An insert of which it is not known whether it has arrived (the answer was lost, or this server was started anew) is
/// looked for before its lines are sent again: first whether ClickHouse is still busy with it, then which of its lines
/// are there.
package final class ClickHouseLogSender: Sendable {
    /// Sends a query with the rows behind it, and returns the body of the answer.
    /// - Parameter id: as what ClickHouse is to know the query; it refuses a second one while the first goes on.
    package typealias Ask =
        @Sendable (_ query: String, _ rows: [UInt8], _ id: String?) async throws(TelemetryProblem) -> [UInt8]

    private struct State {
        var isMade = false
        /// Whether what comes next may be there already.
        var isUnsure = true
    }

    private let table: ClickHouseLogTable
    private let prefix: String
    private let ask: Ask
    private let state = Mutex(State())

    /// - Parameter name: the relay's.
    package init(_ table: ClickHouseLogTable, name: String, ask: @escaping Ask) {
        self.table = table
        self.ask = ask
        prefix = "apus-lines-\(name)-"
    }

    package func send(_ shipment: LogShipment) async -> Relay.Outcome {
        guard let sequences = shipment.sequences else { return .delivered }
        let before = state.withLock { state in
            defer { state.isUnsure = true }
            return state
        }
        do throws(TelemetryProblem) {
            if !before.isMade { _ = try await ask(table.statement, [], nil) }
            let present = before.isUnsure ? try await present(shipment, sequences) : []
            let rows = ClickHouseLogTable.rows(shipment, without: present)
            if !rows.isEmpty { _ = try await ask(table.insert, rows, "\(prefix)\(sequences.lowerBound)") }
            state.withLock { $0 = State(isMade: true, isUnsure: false) }
            return .delivered
        } catch {
            // Somebody may have removed the table meanwhile.
            state.withLock { $0.isMade = false }
            return .failed(error)
        }
    }

    /// The sequences of lines that are there already.
    private func present(
        _ shipment: LogShipment, _ sequences: ClosedRange<UInt64>
    ) async throws(TelemetryProblem) -> Set<UInt64> {
        let id = ClickHouseTable.literal(prefix.utf8)
        let running = try await ask(
            "SELECT count() FROM system.processes WHERE startsWith(query_id, \(id)) FORMAT RowBinary", [], nil)
        guard running.allSatisfy({ $0 == 0 }) else {
            throw TelemetryProblem(
                "relay.insert-running", "Lines were not sent.",
                cause: "ClickHouse is still busy with an insert before.",
                remedy: "None is needed: it is tried again.")
        }
        var times: (first: Int64, last: Int64) = (.max, .min)
        shipment.forEach { batch, index, _ in
            let time = batch.lines[index].time
            times = (min(times.first, time), max(times.last, time))
        }
        let body = try await ask(
            """
            SELECT sequence FROM \(table.place) WHERE sequence >= \(sequences.lowerBound) \
            AND sequence <= \(sequences.upperBound) \
            AND time >= toDateTime(\(ClickHouseLogTable.seconds(times.first))) \
            AND time <= toDateTime(\(ClickHouseLogTable.seconds(times.last))) \
            AND nanoseconds >= \(ClickHouseSQL.number(times.first)) \
            AND nanoseconds <= \(ClickHouseSQL.number(times.last)) FORMAT RowBinary
            """, [], nil)
        return body.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var found: Set<UInt64> = []
            while let sequence = reader.fixed(UInt64.self) { found.insert(sequence) }
            return found
        }
    }
}
