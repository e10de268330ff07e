/// Times of lines as people see them. (`parse` used TimeText.iso of Parse/Time: to be written again.)
package enum LogTime {
    private static let second: Int64 = 1_000_000_000
    private static let daySeconds: Int64 = 86_400

    /// RFC 3339 in UTC, with nine digits behind the second: `2026-11-21T12:00:00.123456789Z`.
    package static func text(_ time: Int64) -> String {
        let seconds = time >= 0 ? time / second : (time - second + 1) / second
        let days = seconds >= 0 ? seconds / daySeconds : (seconds - daySeconds + 1) / daySeconds
        let rest = seconds - days * daySeconds
        let (year, month, day) = civil(days)
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T\(digits(rest / 3600, 2)):"
            + "\(digits(rest / 60 % 60, 2)):\(digits(rest % 60, 2)).\(digits(time - seconds * second, 9))Z"
    }

    /// The date of a day since 1970. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// `civil_from_days`.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
