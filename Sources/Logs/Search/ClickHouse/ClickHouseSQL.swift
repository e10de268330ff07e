import Telemetry

/// Numbers and texts as expressions of ClickHouse's SQL. Nothing of a text is in a query as it came: texts are spelt in
/// hexadecimal digits, so that none can be taken for SQL.
enum ClickHouseSQL {
    static func text(_ bytes: some Sequence<UInt8>) -> String { ClickHouseTable.literal(bytes) }
    static func text(_ text: String) -> String { ClickHouseTable.literal(text.utf8) }

    /// The number with all its bits; the smallest one has no literal.
    static func number(_ number: Int64) -> String { "toInt64('\(number)')" }

    static func number(_ number: Double) -> String {
        var bytes: [UInt8] = []
        bytes.append(fixed: number.bitPattern)
        return "reinterpretAsFloat64(\(text(bytes)))"
    }

    static func any(_ parts: [String]) -> String {
        parts.isEmpty ? "0" : parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " OR ")))"
    }

    static func all(_ parts: [String]) -> String {
        let parts = parts.filter { $0 != "1" }
        return parts.isEmpty ? "1" : parts.count == 1 ? parts[0] : "(\(parts.joined(separator: " AND ")))"
    }
}
