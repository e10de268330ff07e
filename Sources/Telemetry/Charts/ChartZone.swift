/// The clock on the reader's wall: how many seconds local time is ahead of universal time, at any time.
package struct ChartZone: Sendable {
    /// What is written beside times, such as `Europe/Berlin`.
    package let name: String
    private let offset: @Sendable (Int64) -> Int64

    package static let utc = ChartZone(name: "UTC") { _ in 0 }

    package init(name: String, offset: @escaping @Sendable (Int64) -> Int64) {
        self.name = name
        self.offset = offset
    }

    package init(_ rules: TimeZoneRules) {
        self.init(name: rules.name) { Int64(rules.clock(at: $0).offset) }
    }

    /// Local seconds: the time that a clock which never was put forward or back would count.
    package func local(_ time: Int64) -> Int64 { time + offset(time) }

    /// The earliest time at which clocks show `local`; nil if they leave it out, as in spring.
    package func time(local: Int64) -> Int64? {
        [local - offset(local - 86400), local - offset(local + 86400)].sorted().first { self.local($0) == local }
    }
}

/// A date and time of a local clock.
struct LocalDate: Hashable {
    var year: Int64
    /// 1…12
    var month: Int64
    /// 1…31
    var day: Int64
    /// Seconds since midnight.
    var second: Int64

    /// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    init(local: Int64) {
        let days = local.flooredQuotient(86400)
        second = local - days * 86400
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The local seconds of the first second of a day. Months may be beyond 1…12. Source: as above,
    /// days_from_civil.
    static func local(year: Int64, month: Int64, day: Int64 = 1) -> Int64 {
        let year = year + (month - 1).flooredQuotient(12)
        let month = (month - 1) - (month - 1).flooredQuotient(12) * 12 + 1
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86400
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    var monthName: String { Self.months[Int(month - 1)] }
    var dayText: String { "\(day) \(monthName)" }
    var weekday: String {
        let days = Self.local(year: year, month: month, day: day) / 86400
        return Self.weekdays[Int(days - days.flooredQuotient(7) * 7)]
    }

    var clock: String { "\(Self.two(second / 3600)):\(Self.two(second / 60 % 60))" }
    var clockWithSeconds: String { "\(clock):\(Self.two(second % 60))" }
    /// `2026-11-21 09:30`, with seconds where there are some.
    var text: String {
        "\(year)-\(Self.two(month))-\(Self.two(day)) \(second % 60 == 0 ? clock : clockWithSeconds)"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Int64 {
    /// The quotient rounded down, for times before 1970 too.
    func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
