/// Times as Graphite's users write them: `-6h`, `midnight yesterday`, `04:00_20261121`, `now-1d/d`.
///
/// Source: graphite-web 1.1.10, render/attime.py, with its oddities (`12am` is noon, `12pm` midnight).
/// Grafana's `/unit` at the end is ours.
package enum TimeExpression {
    /// Seconds since 1970.
    ///
    /// - Parameters:
    ///   - now: what relative times count from.
    ///   - roundsUp: whether `/d` means the end of the day, as in `until`, rather than its beginning.
    package static func time(
        _ text: String, now: Int64, zone: TimeZoneRules, roundsUp: Bool = false
    ) throws(TelemetryProblem) -> Int64 {
        guard text.utf8.count <= 128 else { throw refusal(text, "It has \(text.utf8.count) bytes.") }
        var words = text.filter { !$0.isWhitespace && $0 != "_" && $0 != "," }
        let unit = snap(&words)
        words = words.lowercased()
        var time = try time(words: words, text, now, zone)
        if let unit { time = round(time, to: unit, zone, roundsUp) }
        guard time.magnitude < 1 << 37 else { throw refusal(text, "It is further than the year 6000.") }
        return time
    }

    private static func time(
        words: String, _ text: String, _ now: Int64, _ zone: TimeZoneRules
    ) throws(TelemetryProblem) -> Int64 {
        if !words.isEmpty, words.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), !isDate(words) {
            guard let time = Int64(words) else { throw refusal(text, "It is further than the year 6000.") }
            return time
        }
        guard let sign = words.firstIndex(of: "+") ?? words.firstIndex(of: "-") else {
            return try reference(words, text, now, zone)
        }
        return try reference(String(words[..<sign]), text, now, zone) + offset(String(words[sign...]))
    }

    /// Eight digits that can be a date are one.
    private static func isDate(_ digits: String) -> Bool {
        guard digits.utf8.count == 8, let number = Int(digits) else { return false }
        return number / 10000 > 1900 && number / 100 % 100 < 13 && number % 100 < 32
    }

    private static func reference(
        _ words: String, _ text: String, _ now: Int64, _ zone: TimeZoneRules
    ) throws(TelemetryProblem) -> Int64 {
        if words.isEmpty || words == "now" { return now }
        var rest = words[...]
        var (hour, minute) = try timeOfDay(&rest, text)
        for (word, itsHour) in [("noon", Int64(12)), ("midnight", 0), ("teatime", 16)] where rest.hasPrefix(word) {
            (hour, minute) = (itsHour, 0)
            rest = rest.dropFirst(word.count)
            break
        }
        var date = try day(rest, zone.local(now), text)
        (date.hour, date.minute, date.second) = (hour, minute, 0)
        guard date.isValid else { throw refusal(text, "There is no such day or time.") }
        return zone.time(date)
    }

    /// `16:40`, `4:40pm`, `8am`.
    private static func timeOfDay(
        _ rest: inout Substring, _ text: String
    ) throws(TelemetryProblem) -> (hour: Int64, minute: Int64) {
        var hour: Int64 = 0
        var minute: Int64 = 0
        if let colon = place(of: ":", in: rest) {
            guard let hours = Int64(rest.prefix(colon)), let minutes = Int64(rest.dropFirst(colon + 1).prefix(2)) else {
                throw refusal(text, "`\(rest)` does not begin with hour and minute.")
            }
            (hour, minute) = (hours, minutes)
            rest = rest.dropFirst(colon + 3)
            if rest.hasPrefix("am") {
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("pm") {
                hour = (hour + 12) % 24
                rest = rest.dropFirst(2)
            }
        }
        for (word, more) in [("am", Int64(0)), ("pm", 12)] {
            guard let index = place(of: word, in: rest) else { continue }
            guard let hours = Int64(rest.prefix(index)) else { continue }
            hour = more == 0 ? hours : (hours + more) % 24
            rest = rest.dropFirst(index + 2)
        }
        return (hour, minute)
    }

    /// Where the word is, if that is after one or two characters.
    private static func place(of word: String, in text: Substring) -> Int? {
        for index in 1...2 where text.dropFirst(index).hasPrefix(word) {
            return text.prefix(index).contains(word) ? nil : index
        }
        return nil
    }

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

    private static func day(
        _ word: Substring, _ now: CivilTime, _ text: String
    ) throws(TelemetryProblem) -> CivilTime {
        switch word {
        case "", "today": return now.midnight
        case "yesterday": return now.midnight.adding(days: -1)
        case "tomorrow": return now.midnight.adding(days: 1)
        default: break
        }
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 3 {
            guard let month = Int64(parts[0]), let day = Int64(parts[1]), var year = Int64(parts[2]),
                year >= 0, year < 10000
            else { throw refusal(text, "`\(word)` is no month/day/year.") }
            if year < 1900 { year += 1900 }
            if year < 1970 { year += 100 }
            return CivilTime(year: year, month: month, day: day)
        }
        if word.utf8.count == 8, let number = Int64(word), number > 0 {
            return CivilTime(year: number / 10000, month: number / 100 % 100, day: number % 100)
        }
        let start = String(word.prefix(3))
        if let month = months.firstIndex(of: start) {
            guard let day = Int64(word.suffix(2)) ?? Int64(word.suffix(1)), day > 0 else {
                throw refusal(text, "After the month comes no day.")
            }
            return CivilTime(year: now.year, month: Int64(month) + 1, day: day)
        }
        if let weekday = weekdays.firstIndex(of: start) {
            return now.midnight.adding(days: -((now.weekday - Int64(weekday) + 7) % 7))
        }
        throw refusal(text, "`\(word)` is no day.")
    }

    static func refusal(_ text: String, _ cause: String) -> TelemetryProblem {
        TelemetryProblem(
            "graph.time-invalid", "The time `\(text.prefix(64))` was not read.", cause: cause,
            remedy: "Write seconds since 1970, `-6h`, `now-1d/d`, `midnight yesterday`, `monday` or `04:00_20261121`.")
    }
}
