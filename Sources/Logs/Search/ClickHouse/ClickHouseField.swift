import Telemetry

/// What a name means in a row of ClickHouse, as `LogBatch.value(of:at:)` says: the row's field, or else the message, the
/// level, or the stream's label.
struct ClickHouseField {
    /// Texts are read as numbers as far as this; `LogNumber` reads no longer ones either.
    private static let numberBytesMax = 48
    private static let units: [(name: String, factor: Double)] = [
        "ns", "us", "µs", "μs", "ms", "s", "sec", "m", "min", "h", "d", "w", "B", "b", "kB", "KB", "kb", "MB", "mb",
        "GB", "gb", "TB", "tb", "KiB", "MiB", "GiB", "TiB",
    ].compactMap { unit in LogNumber.parse(Array("1\(unit)".utf8)).map { (unit, $0) } }

    let name: String
    private let key: String

    init(_ name: String) {
        self.name = name
        key = ClickHouseSQL.text(name)
    }

    private var isField: String { "has(`fields.name`, \(key))" }

    /// Whether the row has a value, though no field of the name.
    private var isOther: String {
        switch name {
        case "message": "1"
        case "level": "level != 'none'"
        default: "has(`labels.name`, \(key))"
        }
    }

    private var other: String {
        switch name {
        case "message": "message"
        case "level": "if(level = 'none', '', toString(level))"
        default: "`labels.value`[indexOf(`labels.name`, \(key))]"
        }
    }

    /// Whether the row has a value.
    var exists: String { name == "message" ? "1" : "(\(isField) OR \(isOther))" }

    /// The value; the empty text if there is none.
    var text: String { "if(\(isField), `fields.value`[indexOf(`fields.name`, \(key))], \(other))" }

    /// The value as `LogNumber` reads it, NaN if it is no number: a name that `with` explains.
    var number: String { "number_" + name.utf8.map { String($0, radix: 16) }.joined(separator: "_") }

    /// What stands before a query in which there are numbers of these fields. The names keep it short: a query may have
    /// 256 KiB.
    static func with(_ names: Set<String>) -> String {
        let all = names.sorted().map(ClickHouseField.init).map { "\($0.readNumber) AS \($0.number)" }
        return all.isEmpty ? "" : "WITH \(all.joined(separator: ", ")) "
    }

    private var readNumber: String {
        let number = name == "level" ? "nan" : Self.number(other)
        return "if(\(isField), `fields.number`[indexOf(`fields.name`, \(key))], \(number))"
    }

    /// A text as a number, by the server.
    private static func number(_ text: String) -> String {
        let units = Self.units.map(\.name)
        let form = #"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"#
        let whole = ClickHouseSQL.text("\(form)(?:\(units.joined(separator: "|")))?$")
        let amount = ClickHouseSQL.text("(\(form))")
        let unit = ClickHouseSQL.text("\(form)(\(units.joined(separator: "|")))$")
        let names = units.map { ClickHouseSQL.text($0) }.joined(separator: ", ")
        let factors = Self.units.map { ClickHouseSQL.number($0.factor) }.joined(separator: ", ")
        return """
            if(length(\(text)) <= \(numberBytesMax) AND match(\(text), \(whole)), \
            toFloat64OrZero(extract(\(text), \(amount))) * \
            transform(extract(\(text), \(unit)), [\(names)], [\(factors)], toFloat64(1)), nan)
            """
    }

    /// Whether the level that is meant is in a range.
    func isLevel(in range: ClosedRange<LogLevel>) -> String {
        let words = LogLevel.words.filter { LogLevel(word: $0).map(range.contains) ?? false }
        let list = words.map { ClickHouseSQL.text($0) }.joined(separator: ", ")
        let isWord = words.isEmpty ? "0" : "lower(\(text)) IN (\(list))"
        guard name == "level" else { return ClickHouseSQL.all([exists, isWord]) }
        return """
            if(\(isField), \(isWord), toInt8(level) >= \(range.lowerBound.rawValue) \
            AND toInt8(level) <= \(range.upperBound.rawValue))
            """
    }
}

extension LogLevel {
    /// All words that mean a level, in small letters.
    static let words = [
        "trace", "trc", "finest", "verbose", "t", "debug", "dbg", "fine", "d", "info", "information", "informational",
        "inf", "i", "log", "notice", "n", "warn", "warning", "wrn", "w", "error", "err", "severe", "e", "eror",
        "critical", "crit", "fatal", "ftl", "c", "f", "dpanic", "panic", "alert", "emergency", "emerg",
    ]
}
