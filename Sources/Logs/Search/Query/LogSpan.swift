/// Spans of time in queries: `10s`, `1m`, `1h`, in nanoseconds.
enum LogSpan {
    private static let units: [(name: String, nanoseconds: Int64)] = [
        ("w", 604_800_000_000_000), ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000),
        ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]
    private static let longest: Int64 = 366 * 86_400_000_000_000

    /// From a nanosecond to a year; nil if it is no span.
    static func parse(_ text: String) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        var unit = String(text.dropFirst(digits.count))
        if unit == "min" { unit = "m" }
        guard digits.utf8.count <= 12, let count = Int64(digits), count > 0,
            let length = units.first(where: { $0.name == unit })?.nanoseconds
        else { return nil }
        let (span, overflow) = count.multipliedReportingOverflow(by: length)
        return overflow || span > longest ? nil : span
    }

    /// In the greatest unit that leaves no rest.
    static func text(_ span: Int64) -> String {
        let unit = units.first { span % $0.nanoseconds == 0 } ?? ("ns", 1)
        return "\(span / unit.nanoseconds)\(unit.name)"
    }
}
