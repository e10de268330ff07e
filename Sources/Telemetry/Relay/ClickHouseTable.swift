/// A table of ClickHouse with points, and the view with the names of its series: docs/relays.md.
///
/// Everything of a query that was not written here is a number, the name of a table that was checked, or a
/// text that is spelt in hexadecimal digits: nothing in it can be taken for SQL.
package struct ClickHouseTable: Hashable, Sendable {
    package let database: String
    package let table: String

    /// - Throws: `clickhouse.name-invalid` for what is not a letter or `_`, then letters, digits and `_`.
    package init(database: String, table: String) throws(TelemetryProblem) {
        for name in [database, table] {
            let isName =
                (1...64).contains(name.utf8.count)
                && name.utf8.enumerated().allSatisfy { index, byte in
                    let isLetter = byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
                    return isLetter || byte == UInt8(ascii: "_") || (index > 0 && byte >= 0x30 && byte <= 0x39)
                }
            guard isName else {
                throw TelemetryProblem(
                    "clickhouse.name-invalid", "This is not the name of a table or a database.",
                    cause: "`\(name.prefix(64))` is not 1 to 64 letters, digits and `_`.",
                    remedy: "Write a name such as `apus_points`.")
            }
        }
        self.database = database
        self.table = table
    }

    var points: String { place }
    /// As it is written in a query.
    package var place: String { "`\(database)`.`\(table)`" }
    var names: String { "`\(database)`.`\(table)_names`" }

    /// What makes the table and the view where they are missing. One statement each: the server takes no more.
    package var statements: [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS \(points) \
            (name String, time DateTime, value Float64, sequence UInt64) \
            ENGINE = ReplacingMergeTree(sequence) PARTITION BY toYYYYMM(time) ORDER BY (name, time)
            """,
            """
            CREATE MATERIALIZED VIEW IF NOT EXISTS \(names) \
            ENGINE = ReplacingMergeTree() ORDER BY name POPULATE AS SELECT name FROM \(points) GROUP BY name
            """,
        ]
    }

    /// What the rows follow.
    package var insert: String { "INSERT INTO \(points) (name, time, value, sequence) FORMAT RowBinary" }

    /// Rows as `insert` wants them. Points before 1970 and after 2106 have no place in a `DateTime`.
    package static func rows(_ shipment: Relay.Shipment) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(shipment.points.count * 64)
        for sent in shipment.points {
            guard let time = UInt32(exactly: sent.point.time) else { continue }
            bytes.append(text: sent.point.name)
            bytes.append(fixed: time)
            bytes.append(fixed: sent.point.value.bitPattern)
            bytes.append(fixed: sent.sequence)
        }
        return bytes
    }

    /// A text as an expression of SQL.
    package static func literal(_ text: some Sequence<UInt8>) -> String {
        var digits = "unhex('"
        for byte in text {
            digits.append(Character(Unicode.Scalar(hexadecimal(byte >> 4))))
            digits.append(Character(Unicode.Scalar(hexadecimal(byte & 15))))
        }
        return digits + "')"
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
}
