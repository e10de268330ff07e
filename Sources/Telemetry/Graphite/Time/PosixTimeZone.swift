/// The rule at the end of a zone file, `CET-1CEST,M3.5.0,M10.5.0/3`: what holds after its last change.
/// Source of the form: POSIX, environment variable TZ; RFC 8536, 3.3.
struct PosixTimeZone: Hashable, Sendable {
    private var standard: Int64
    private var saving: Int64?
    private var begin = Day()
    private var end = Day()

    private struct Day: Hashable, Sendable {
        /// A month, 1…12, with a week and weekday; or 0: then `day` counts in the year.
        var month: Int64 = 0
        var week: Int64 = 0
        var day: Int64 = 0
        /// Whether the 29th of February is not counted.
        var isJulian = false
        /// Seconds after midnight, possibly of another day.
        var time: Int64 = 7200
    }

    init?(_ bytes: some Sequence<UInt8>) {
        var text = Substring(decoding: Array(bytes), as: UTF8.self)
        guard Self.skipName(&text), let offset = Self.offset(&text) else { return nil }
        standard = -offset
        if text.isEmpty { return }
        guard Self.skipName(&text) else { return nil }
        saving = standard + 3600
        if let first = text.first, first != "," {
            guard let offset = Self.offset(&text) else { return nil }
            saving = -offset
        }
        guard let begin = Self.day(&text), let end = Self.day(&text), text.isEmpty else { return nil }
        (self.begin, self.end) = (begin, end)
    }

    func clock(at time: Int64) -> TimeZoneRules.Clock {
        guard let saving else { return .init(offset: standard, isDaylightSaving: false) }
        let year = CivilTime(secondsSince1970: time + standard).year
        let from = Self.time(begin, in: year) - standard
        let until = Self.time(end, in: year) - saving
        let isSaving = from < until ? time >= from && time < until : time >= from || time < until
        return .init(offset: isSaving ? saving : standard, isDaylightSaving: isSaving)
    }

    /// When the day and time come in a year, on the clocks of the zone.
    private static func time(_ day: Day, in year: Int64) -> Int64 {
        if day.month == 0 {
            let isLeap = CivilTime.days(in: 2, of: year) == 29
            let index = day.isJulian ? day.day - 1 + (isLeap && day.day >= 60 ? 1 : 0) : day.day
            return CivilTime(year: year, month: 1, day: 1).secondsSince1970 + index * 86400 + day.time
        }
        let first = CivilTime(year: year, month: day.month, day: 1)
        var date = 1 + (day.day - first.weekday + 7) % 7 + (day.week - 1) * 7
        while date > CivilTime.days(in: day.month, of: year) { date -= 7 }
        return first.secondsSince1970 + (date - 1) * 86400 + day.time
    }

    private static func skipName(_ text: inout Substring) -> Bool {
        let before = text.count
        if text.first == "<" {
            text = text.drop { $0 != ">" }.dropFirst()
        } else {
            text = text.drop { $0.isLetter }
        }
        return text.count < before
    }

    private static func number(_ text: inout Substring) -> Int64? {
        let digits = text.prefix { $0.isNumber }
        text = text.dropFirst(digits.count)
        return digits.count > 4 ? nil : Int64(digits)
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    private static func offset(_ text: inout Substring) -> Int64? {
        let sign: Int64 = text.first == "-" ? -1 : 1
        if text.first == "-" || text.first == "+" { text.removeFirst() }
        guard let hours = number(&text) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where text.first == ":" {
            text.removeFirst()
            guard let part = number(&text) else { return nil }
            seconds += part * unit
        }
        return sign * seconds
    }

    private static func day(_ text: inout Substring) -> Day? {
        guard text.first == "," else { return nil }
        text.removeFirst()
        var day = Day()
        if text.first == "M" {
            text.removeFirst()
            guard let month = number(&text), (1...12).contains(month), text.first == "." else { return nil }
            text.removeFirst()
            guard let week = number(&text), (1...5).contains(week), text.first == "." else { return nil }
            text.removeFirst()
            (day.month, day.week) = (month, week)
        } else if text.first == "J" {
            text.removeFirst()
            day.isJulian = true
        }
        guard let number = number(&text), number <= (day.month == 0 ? 365 : 6) else { return nil }
        day.day = number
        if text.first == "/" {
            text.removeFirst()
            guard let time = offset(&text) else { return nil }
            day.time = time
        }
        return day
    }
}
