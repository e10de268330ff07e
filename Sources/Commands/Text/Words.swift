import Core
import Wire

/// Values as people read them.
enum Words {
    static func mark(_ colour: Colour) -> StyledText {
        let symbol =
            switch colour {
            case .green: "✓"
            case .yellow: "!"
            case .red: "✗"
            }
        return StyledText("\(symbol) \(colour.rawValue)", Style(colour))
    }

    /// `3 green, 1 red`; nothing for none.
    static func counts(green: Int, yellow: Int, red: Int) -> StyledText {
        let parts: [(Int, Colour)] = [(green, .green), (yellow, .yellow), (red, .red)]
        return parts.filter { $0.0 > 0 }.map { StyledText("\($0.0) \($0.1.rawValue)", Style($0.1)) }.joined(
            separator: ", ")
    }

    /// `0.04s`, `12.3s`, `3m 04s`, `2h 10m`.
    static func duration(_ interval: Interval) -> String {
        let milliseconds = max(0, interval.milliseconds)
        let seconds = milliseconds / 1000
        if seconds < 1 { return "0.\(padded(milliseconds / 10))s" }
        if seconds < 60 { return "\(seconds).\(milliseconds % 1000 / 100)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(padded(seconds % 60))s" }
        return "\(seconds / 3600)h \(padded(seconds % 3600 / 60))m"
    }

    /// `12s ago`, `3h ago`, `in 5m`.
    static func age(_ instant: Instant, at now: Instant) -> String {
        let seconds = (now.milliseconds - instant.milliseconds) / 1000
        return seconds >= 0 ? "\(rough(seconds)) ago" : "in \(rough(-seconds))"
    }

    /// `2026-11-21 03:35:50` in UTC. Days to a date: Howard Hinnant, "chrono-compatible low-level
    /// date algorithms", `civil_from_days`.
    static func time(_ instant: Instant) -> String {
        let seconds = instant.milliseconds / 1000 - (instant.milliseconds % 1000 < 0 ? 1 : 0)
        let day = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let clock = seconds - day * 86_400
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let part = (5 * dayOfYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(year)-\(padded(month))-\(padded(dayOfYear - (153 * part + 2) / 5 + 1))"
        return "\(date) \(padded(clock / 3600)):\(padded(clock % 3600 / 60)):\(padded(clock % 60))"
    }

    /// `12,408`.
    static func number(_ number: Int64) -> String {
        let digits = String(number)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0, text != "-" { text += "," }
            text.append(digit)
        }
        return text
    }

    /// How long a request took: `0.31 ms`, `2.1 ms`, `87 ms`, `1.2 s`.
    static func latency(microseconds: Int64) -> String {
        switch microseconds {
        case ..<1000: "0.\(padded(microseconds / 10)) ms"
        case ..<10_000: "\(microseconds / 1000).\(microseconds / 100 % 10) ms"
        case ..<1_000_000: "\(microseconds / 1000) ms"
        default: "\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s"
        }
    }

    static func commit(_ commit: String) -> String { String(commit.prefix(12)) }

    static func release(_ number: Int?) -> String { number.map { "r\($0)" } ?? "" }

    /// `1 step`, `2 steps`.
    static func count(_ count: Int, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }

    private static func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func rough(_ seconds: Int64) -> String {
        switch seconds {
        case ..<60: "\(seconds)s"
        case ..<3600: "\(seconds / 60)m"
        case ..<86_400: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }
}
