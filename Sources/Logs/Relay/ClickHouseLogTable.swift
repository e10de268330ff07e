package import Telemetry

/// A table of ClickHouse with lines: docs/formats/clickhouse-lines.md.
package struct ClickHouseLogTable: Hashable, Sendable {
    package let table: ClickHouseTable

    package init(_ table: ClickHouseTable) { self.table = table }

    /// As it is written in a query.
    var place: String { table.place }

    private static let columns = [
        "time", "nanoseconds", "app", "stream", "level", "message", "labels.name", "labels.value", "fields.name",
        "fields.value", "fields.number", "sequence",
    ]

    /// What makes the table where it is missing.
    package var statement: String {
        let levels = LogLevel.allCases.map { "'\($0 == .none ? "none" : $0.word)' = \($0.rawValue)" }
        return """
            CREATE TABLE IF NOT EXISTS \(place) (time DateTime, nanoseconds Int64, app String, stream UInt64, \
            level Enum8(\(levels.joined(separator: ", "))), message String, \
            labels Nested(name String, value String), \
            fields Nested(name String, value String, number Float64), sequence UInt64) \
            ENGINE = ReplacingMergeTree() PARTITION BY toYYYYMM(time) ORDER BY (app, time, nanoseconds, sequence)
            """
    }

    /// What the rows follow.
    package var insert: String {
        let columns = Self.columns.map { "`\($0)`" }.joined(separator: ", ")
        return "INSERT INTO \(place) (\(columns)) FORMAT RowBinary"
    }

    /// Seconds since 1970 as a `DateTime` has them: what is before or after its range is at its end.
    static func seconds(_ time: Int64) -> UInt32 {
        UInt32(clamping: time >= 0 ? time / 1_000_000_000 : -1)
    }

    /// Rows as `insert` wants them, without those that are there already.
    package static func rows(_ shipment: LogShipment, without present: Set<UInt64> = []) -> [UInt8] {
        var bytes: [UInt8] = []
        shipment.forEach { batch, index, sequence in
            if !present.contains(sequence) { append(batch, index, sequence, to: &bytes) }
        }
        return bytes
    }

    private static func append(_ batch: LogBatch, _ index: Int, _ sequence: UInt64, to bytes: inout [UInt8]) {
        let line = batch.lines[index]
        let stream = batch.streams[Int(line.stream)]
        bytes.append(fixed: seconds(line.time))
        bytes.append(fixed: line.time)
        bytes.append(text: stream["app"] ?? "")
        bytes.append(fixed: stream.key)
        bytes.append(line.level)
        bytes.append(text: batch.validText(line.message))
        bytes.append(varint: stream.labels.count)
        for label in stream.labels { bytes.append(text: label.name) }
        bytes.append(varint: stream.labels.count)
        for label in stream.labels { bytes.append(text: label.value) }
        let fields = batch.fieldPlaces(of: line).map { batch.fields[$0] }
        bytes.append(varint: fields.count)
        for field in fields { bytes.append(text: batch.names[Int(field.name)]) }
        bytes.append(varint: fields.count)
        for field in fields { bytes.append(text: batch.validText(field.value)) }
        bytes.append(varint: fields.count)
        for field in fields {
            let number = batch.withBytes(of: field.value) { LogNumber.parse($0) }
            bytes.append(fixed: (number ?? .nan).bitPattern)
        }
        bytes.append(fixed: sequence)
    }
}
