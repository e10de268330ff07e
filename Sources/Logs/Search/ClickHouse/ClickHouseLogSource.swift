package import Telemetry

/// Lines that a relay has put into ClickHouse, for searches.
///
/// ClickHouse finds the rows, as far as a search can be said in its SQL; those that it gives are looked at again by what
/// looks at the store's own lines, so that a search means the same here and there. What adds lines up is added up by
/// ClickHouse where its condition is exact, and by this server where it is not.
package struct ClickHouseLogSource: LogSource {
    /// Rows of a block, about.
    private static let blockRows: Int64 = 4096
    /// Parts into which the time of what was found is cut at most.
    private static let slotsMax: Int64 = 512
    /// A block with more of them is cut again.
    private static let blockRowsMax = 32_768
    private static let blocksMax = 100_000
    private static let depthMax = 6

    let table: ClickHouseLogTable
    let ask: @Sendable (_ query: String) async throws(TelemetryProblem) -> [UInt8]

    /// - Parameter ask: sends a query, and returns the body of the answer.
    package init(
        _ table: ClickHouseLogTable,
        ask: @escaping @Sendable (_ query: String) async throws(TelemetryProblem) -> [UInt8]
    ) {
        self.table = table
        self.ask = ask
    }

    package func blocks(
        in window: LogWindow, where filter: LogFilter
    ) async throws(TelemetryProblem) -> [any LogBlockReference] {
        let condition = ClickHouseCondition(filter)
        let search = Search(
            sql: condition.sql, with: ClickHouseField.with(condition.numbers), isAll: condition.sql == "1")
        return try await references(in: window, search, depth: 0)
            .sorted { ($0.lastTime, $0.firstTime) > ($1.lastTime, $1.firstTime) }
    }

    package func streams(in window: LogWindow) async throws(TelemetryProblem) -> [LogStream] {
        let body = try await ask(
            """
            SELECT any(`labels.name`), any(`labels.value`) FROM \(table.place) WHERE \(Self.condition(window)) \
            GROUP BY stream LIMIT \(Self.blocksMax) FORMAT RowBinary
            """)
        let streams: [LogStream]? = ClickHouseRows.read(body) { reader in reader.stream() }
        guard let streams else { throw ClickHouseRows.unreadable }
        return streams.sorted { "\($0)" < "\($1)" }
    }

    /// A window as a condition that ClickHouse's index helps with.
    static func condition(_ window: LogWindow) -> String {
        var parts: [String] = []
        if window.from > .min {
            parts.append("time >= toDateTime(\(ClickHouseLogTable.seconds(window.from)))")
            parts.append("nanoseconds >= \(ClickHouseSQL.number(window.from))")
        }
        if window.until < .max {
            parts.append("time <= toDateTime(\(ClickHouseLogTable.seconds(window.until)))")
            parts.append("nanoseconds < \(ClickHouseSQL.number(window.until))")
        }
        return ClickHouseSQL.all(parts)
    }

    // MARK: - Blocks

    /// What was found of one stream in one part of the time.
    private struct Slot {
        var stream: LogStream
        var firstTime: Int64
        var lastTime: Int64
        var rows: Int
    }

    /// What rows are to fulfil.
    private struct Search {
        var sql: String
        /// What stands before a query that has it.
        var with: String
        var isAll: Bool
    }

    private func references(
        in window: LogWindow, _ search: Search, depth: Int
    ) async throws(TelemetryProblem) -> [ClickHouseReference] {
        var references: [ClickHouseReference] = []
        for slot in try await slots(in: window, search) {
            var own = search
            own.sql = ClickHouseSQL.all(["stream = \(slot.stream.key)", search.sql])
            let part = LogWindow(
                from: slot.firstTime, until: slot.lastTime == .max ? .max : slot.lastTime + 1)
            if slot.rows > Self.blockRowsMax, slot.firstTime < slot.lastTime, depth < Self.depthMax {
                references += try await self.references(in: part, own, depth: depth + 1)
            } else {
                references.append(
                    ClickHouseReference(
                        stream: slot.stream, rows: slot.rows, firstTime: slot.firstTime, lastTime: slot.lastTime,
                        query: query(slot.stream, part, search), ask: ask))
            }
            guard references.count <= Self.blocksMax else { throw Self.tooMany }
        }
        return references
    }

    private func slots(in window: LogWindow, _ search: Search) async throws(TelemetryProblem) -> [Slot] {
        let place = "FROM \(table.place) WHERE \(ClickHouseSQL.all([Self.condition(window), search.sql]))"
        let totals = try await ask(
            "\(search.with)SELECT toInt64(count()), min(nanoseconds), max(nanoseconds) \(place) FORMAT RowBinary")
        let found: [(count: Int64, first: Int64, last: Int64)]? = ClickHouseRows.read(totals) { reader in
            guard let count = reader.fixed(Int64.self), let first = reader.fixed(Int64.self),
                let last = reader.fixed(Int64.self)
            else { return nil }
            return (count, first, last)
        }
        guard let found else { throw ClickHouseRows.unreadable }
        guard let all = found.first, all.count > 0, all.first <= all.last else { return [] }
        let parts = UInt64(min(Self.slotsMax, all.count / Self.blockRows + 1))
        let span = UInt64(bitPattern: all.last &- all.first) / parts + 1
        let body = try await ask(
            """
            \(search.with)SELECT any(`labels.name`), any(`labels.value`), min(nanoseconds), max(nanoseconds), \
            toInt64(count()) \(place) GROUP BY stream, \
            intDiv(toUInt64(nanoseconds - \(ClickHouseSQL.number(all.first))), toUInt64('\(span)')) AS slot \
            LIMIT \(Self.blocksMax + 1) FORMAT RowBinary
            """)
        let slots: [Slot]? = ClickHouseRows.read(body) { reader in
            guard let stream = reader.stream(), let first = reader.fixed(Int64.self),
                let last = reader.fixed(Int64.self), let rows = reader.fixed(Int64.self)
            else { return nil }
            return Slot(stream: stream, firstTime: first, lastTime: last, rows: Int(rows))
        }
        guard let slots else { throw ClickHouseRows.unreadable }
        guard slots.count <= Self.blocksMax else { throw Self.tooMany }
        return slots
    }

    /// The rows of a block. Those of a time of which one is wanted are there all: a line's place among them is part of its
    /// position.
    private func query(_ stream: LogStream, _ window: LogWindow, _ search: Search) -> String {
        let own = ClickHouseSQL.all([
            "app = \(ClickHouseSQL.text(stream["app"] ?? ""))", "stream = \(stream.key)", Self.condition(window),
        ])
        let wanted = ClickHouseSQL.all([own, search.sql])
        let times =
            search.isAll
            ? "" : " AND nanoseconds IN (\(search.with)SELECT nanoseconds FROM \(table.place) WHERE \(wanted))"
        return """
            SELECT nanoseconds, sequence, toInt8(level), message, `fields.name`, `fields.value` FROM \(table.place) \
            WHERE \(own)\(times) ORDER BY nanoseconds, sequence FORMAT RowBinary
            """
    }

    private static var tooMany: TelemetryProblem {
        TelemetryProblem(
            "logs.query-too-large", "The query was not answered.",
            cause: "ClickHouse has lines of more than \(blocksMax) streams and times for it.",
            remedy: "Ask for less: a shorter time, or one app.")
    }
}

/// Some rows of ClickHouse that are a block.
struct ClickHouseReference: LogBlockReference {
    let stream: LogStream
    let rows: Int
    let firstTime: Int64
    let lastTime: Int64
    let query: String
    let ask: @Sendable (_ query: String) async throws(TelemetryProblem) -> [UInt8]

    func open() async throws(TelemetryProblem) -> sending any LogBlock {
        guard let batch = ClickHouseRows.batch(try await ask(query), stream) else { throw ClickHouseRows.unreadable }
        return RawBlock(batch)
    }
}
