/// Differences of time, and Grafana's rounding.
extension TimeExpression {
    /// Seconds of `-6h`, `1d12h`, `30min`. Nothing is 0. Months have 30 days and years 365.
    package static func offset(_ text: String) throws(TelemetryProblem) -> Int64 {
        guard let first = text.utf8.first else { return 0 }
        var rest = text[...]
        var sign: Int64 = 1
        if first < 0x30 || first > 0x39 {
            guard first == UInt8(ascii: "-") || first == UInt8(ascii: "+") else {
                throw intervalRefusal(text, "It begins with neither a digit nor a sign.")
            }
            sign = first == UInt8(ascii: "-") ? -1 : 1
            rest = rest.dropFirst()
        }
        var sum: Int64 = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Int64(digits), number < 1 << 37 else {
                throw intervalRefusal(text, digits.isEmpty ? "A number is missing." : "It is too long.")
            }
            guard let seconds = seconds(of: unit) else {
                throw intervalRefusal(
                    text,
                    unit == "m" ? "`m` may be minutes (`min`) or months (`mon`)." : "`\(unit)` is no unit of time.")
            }
            sum += number * seconds
            guard sum < 1 << 37 else { throw intervalRefusal(text, "It is too long.") }
        }
        return sign * sum
    }

    private static func seconds(of unit: Substring) -> Int64? {
        guard let named = Unit(name: unit) else { return nil }
        return switch named {
        case .second: 1
        case .minute: 60
        case .hour: 3600
        case .day: 86400
        case .week: 7 * 86400
        case .month: 30 * 86400
        case .year: 365 * 86400
        }
    }

    package enum Unit: String, Sendable {
        case second = "seconds"
        case minute = "minutes"
        case hour = "hours"
        case day = "days"
        case week = "weeks"
        case month = "months"
        case year = "years"

        /// Any word that begins as the unit does.
        init?(name: some StringProtocol) {
            let starts: [(String, Unit)] = [
                ("s", .second), ("min", .minute), ("h", .hour), ("d", .day), ("w", .week), ("mon", .month),
                ("y", .year),
            ]
            guard let unit = starts.first(where: { name.hasPrefix($0.0) })?.1 else { return nil }
            self = unit
        }
    }

    private static func intervalRefusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.interval-invalid", "The interval `\(text.prefix(64))` was not read.", cause: cause,
            remedy: "Write `10s`, `5min`, `6h`, `1d`, `2w`, `3mon` or `1y`.")
    }

    /// Takes `/d` off the end. Grafana writes minutes as `m` and months as `M`.
    static func snap(_ words: inout String) -> Unit? {
        guard let slash = words.firstIndex(of: "/"), slash == words.lastIndex(of: "/") else { return nil }
        let name = words[words.index(after: slash)...]
        let unit: Unit? =
            switch name {
            case "m": .minute
            case "M": .month
            default: Unit(name: name.lowercased())
            }
        if unit != nil { words = String(words[..<slash]) }
        return unit
    }

    /// The first second of the unit in which the time is, or its last. Weeks begin on Monday.
    static func round(_ time: Int64, to unit: Unit, _ zone: TimeZoneRules, _ up: Bool) -> Int64 {
        let begin = beginning(of: unit, zone.local(time))
        return up ? zone.time(next(unit, after: begin)) - 1 : zone.time(begin)
    }

    static func beginning(of unit: Unit, _ local: CivilTime) -> CivilTime {
        var begin = local.midnight
        switch unit {
        case .second: return local
        case .minute: (begin.hour, begin.minute) = (local.hour, local.minute)
        case .hour: begin.hour = local.hour
        case .day: break
        case .week: begin = begin.adding(days: -((local.weekday + 6) % 7))
        case .month: begin.day = 1
        case .year: (begin.month, begin.day) = (1, 1)
        }
        return begin
    }

    private static func next(_ unit: Unit, after begin: CivilTime) -> CivilTime {
        switch unit {
        case .second: return CivilTime(secondsSince1970: begin.secondsSince1970 + 1)
        case .minute: return CivilTime(secondsSince1970: begin.secondsSince1970 + 60)
        case .hour: return CivilTime(secondsSince1970: begin.secondsSince1970 + 3600)
        case .day: return begin.adding(days: 1)
        case .week: return begin.adding(days: 7)
        case .month:
            let isLast = begin.month == 12
            return CivilTime(year: begin.year + (isLast ? 1 : 0), month: isLast ? 1 : begin.month + 1, day: 1)
        case .year: return CivilTime(year: begin.year + 1, month: 1, day: 1)
        }
    }
}
